/* A verdict for people. */
#include "base/codec.h"
#include "base/time.h"
#include "cli/attest.h"
#include "cli/output.h"

static void tell_line(const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    printf("%19s %-9s ", "", name);
    cli_put_safe(stdout, text);
    putchar('\n');
}

static void tell_check(const struct deputy_attest_check *check, const char *title)
{
    static const char *const words[] = {NULL, "skipped", "yes", "no"};
    printf("  %-16s %s", title, words[check->state]);
    if (check->state == DEPUTY_ATTEST_FAIL)
        printf("       %s: %s", deputy_attest_code_name(check->code), deputy_attest_code_text(check->code));
    if (check->state == DEPUTY_ATTEST_SKIPPED) {
        fputs("  ", stdout);
        cli_put_safe(stdout, check->why);
    }
    putchar('\n');
    tell_line("expected", check->expected);
    tell_line("found", check->found);
    tell_line("to do", check->fix);
}

static void tell_text(const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    printf("  %-16s ", name);
    cli_put_safe(stdout, text);
    putchar('\n');
}

static void tell_hex(struct cli *cli, const char *name, struct deputy_slice bytes)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    if (!deputy_slice_present(bytes))
        return;
    hex_put(&text, bytes);
    tell_text(name, cli_text(&text));
}

static void tell_tcb(const struct deputy_attest_tcb *tcb)
{
    if (!tcb->present)
        return;
    if (tcb->product != DEPUTY_ATTEST_NO_PRODUCT)
        printf("  %-16s %s: bl %u, tee %u, snp %u, ucode %u\n", "security version",
                deputy_attest_product_name(tcb->product), tcb->reported.bl, tcb->reported.tee,
                tcb->reported.snp, tcb->reported.ucode);
    else
        printf("  %-16s %s\n", "status", deputy_attest_status_name(tcb->status));
    for (size_t i = 0; i < tcb->advisory_count; i++)
        tell_text("advisory", tcb->advisories[i]);
}

static void tell_app(struct cli *cli, const struct deputy_attest_app *app)
{
    tell_hex(cli, "app_id", app->app_id);
    tell_hex(cli, "compose_hash", app->compose_hash);
    tell_hex(cli, "instance_id", app->instance_id);
    tell_text("key_provider", app->key_provider_name);
}

static void tell_binding(const struct deputy_attest_binding *binding)
{
    tell_text("did", binding->did);
    tell_text("key", binding->key);
    tell_text("aud", binding->aud);
    tell_text("nonce", binding->nonce);
}

static void tell_head(struct cli *cli, const struct deputy_attest_verdict *v)
{
    struct buf time = buf_make(cli->arena, OUTPUT_JSON_MAX);
    time_put_utc(&time, (struct deputy_time){.sec = v->verified_at});
    const char *platform = deputy_attest_platform_name(v->platform);
    const struct deputy_slice args[3] = {deputy_slice_text(v->ok ? "accepted" : "refused"),
            deputy_slice_text(platform != NULL ? platform : "no known platform"), cli_text(&time)};
    cli_put_template(stdout, "{0}: {1}, as of {2}", args);
    printf("%s\n", v->fresh ? ", fresh" : "");
}

void attest_tell(struct cli *cli, const struct deputy_attest_verdict *v)
{
    tell_head(cli, v);
    for (size_t i = 0; i < DEPUTY_ATTEST_CHECK_COUNT; i++)
        if (v->checks[i].state != DEPUTY_ATTEST_NOT_ASKED)
            tell_check(&v->checks[i], deputy_attest_check_title((enum deputy_attest_check_name)i));
    tell_tcb(&v->tcb);
    for (size_t i = 0; i < DEPUTY_ATTEST_MEASUREMENT_COUNT; i++)
        tell_hex(cli, deputy_attest_measurement_name((enum deputy_attest_measurement)i), v->measurements[i]);
    tell_app(cli, &v->app);
    tell_binding(&v->binding);
    for (size_t i = 0; i < v->warning_count; i++)
        tell_text("warning", v->warnings[i]);
}
