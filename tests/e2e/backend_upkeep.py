#!/usr/bin/env python3
"""Looking after what `deputy backend` has kept: doctor, backup and restore, beside a running backend and while it is down.

usage: backend_upkeep.py DEPUTY
"""
import concurrent.futures
import contextlib
import errno
import json
import os
import pathlib
import shutil
import sqlite3
import stat
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import DID, Backend, Owner, bundle_of, changed  # noqa: E402
from kit.clock import Clock  # noqa: E402
from kit.faults import Faults  # noqa: E402
from kit.runner import run  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
OTHER_DID = "did:pkh:eip155:1:0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
OTHER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
HOST = "https://node.example"


@contextlib.contextmanager
def furnished(owners=3, **settings):
    """A running backend that keeps the grants of some owners; no node is there, so they wait to be taken into use."""
    with Backend(DEPUTY, **settings) as backend:
        backend.owners = [granted(backend, f"upkeep {number}") for number in range(owners)]
        yield backend


def granted(backend, name):
    owner = Owner(backend, name=name).open_session()
    owner.grant(to=OTHER_DID if backend.identity == OTHER_KEY else DID)
    return owner


@contextlib.contextmanager
def stopped(**settings):
    """The same, in order, and down."""
    with furnished(**settings) as backend:
        assert backend.stop() == 0
        is_content(backend)
        yield backend


def is_content(backend):
    done = backend.verb("doctor")
    assert done.returncode == 0 and done.stdout.endswith("nothing wrong\n"), done


def says(backend, check, problem, **environment):
    done = backend.verb("doctor", "--json", **environment)
    assert done.returncode == 1, done
    findings = json.loads(done.stdout)["findings"]
    assert any(each["check"] == check and problem in each["problem"] for each in findings), findings
    return findings


def counts(backend, **environment):
    done = backend.verb("doctor", "--json", **environment)
    assert done.returncode == 0, done
    said = json.loads(done.stdout)
    assert said["ok"] and said["findings"] == [], said
    return {name: said[name] for name in ("grants", "expired", "stale")}


def cannot_tell(backend, words):
    done = backend.verb("doctor")
    assert done.returncode == 2 and words in done.stderr and done.stdout == "", done


def change(backend, sql, *arguments):
    with contextlib.closing(sqlite3.connect(backend.database)) as connection:
        count = connection.execute(sql, arguments).rowcount
        connection.commit()
    assert count > 0, f"nothing changed: {sql}"


def rows(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT name, record FROM sealed"))


def name_of(owner):
    return b"delegations/" + owner.address.lower().encode()


def no_backup(backend, words):
    target = backend.directory / "none"
    done = backend.verb("backup", str(target))
    assert done.returncode == 1 and words in done.stderr, done
    assert not list(backend.directory.glob("none*")), list(backend.directory.iterdir())


def damage(path):
    """Another byte in the middle of each page but the first."""
    data = bytearray(path.read_bytes())
    for page in range(4096, len(data), 4096):
        data[page] ^= 0xFF
    path.write_bytes(data)


class Doctor:
    def is_content_beside_a_running_backend_and_after_it():
        with furnished() as backend:
            done = backend.verb("doctor")
            assert done.returncode == 0 and done.stdout == "3 grants, 0 of them over, 0 given for another policy\nnothing wrong\n", done
            assert "records: 4 checked" in done.stderr and "database: 1 checked" in done.stderr, done.stderr
            assert backend.stop() == 0
            assert counts(backend) == {"grants": 3, "expired": 0, "stale": 0}

    def changes_nothing():
        with stopped() as backend:
            before = backend.database.read_bytes()
            with Clock(DEPUTY) as clock:
                clock.jump(30 * 86400)
                assert counts(backend, **clock.environment)["expired"] == 3
            assert backend.database.read_bytes() == before

    def counts_what_is_over_and_what_was_given_for_another_policy():
        with stopped() as backend:
            with Clock(DEPUTY) as clock:
                clock.jump(30 * 86400)
                assert counts(backend, **clock.environment) == {"grants": 3, "expired": 3, "stale": 0}
            backend.permissions = backend.permissions[:1]
            assert counts(backend) == {"grants": 3, "expired": 0, "stale": 3}

    def grant_that_would_not_be_taken_now_is_named():
        with Backend(DEPUTY, hosts=[HOST]) as backend:
            owner = Owner(backend, name="hosted").open_session().sign_in()
            assert owner.post(bundle_of(changed(owner.parts(), 0, host=HOST))).status == 200
            assert backend.stop() == 0
            is_content(backend)
            backend.settings["hosts"] = None
            [finding] = says(backend, "grants", "names the node " + HOST)
            assert finding["subject"].encode() == name_of(owner), finding

    def record_of_another_identity_is_named():
        with stopped() as backend, stopped(identity=OTHER_KEY) as other:
            owner = backend.owners[1]
            foreign = rows(other.database)[name_of(Owner(other, name="upkeep 1"))]
            change(backend, "UPDATE sealed SET record = ? WHERE name = ?", foreign, name_of(owner))
            [finding] = says(backend, "records", "does not open")
            assert finding["subject"].encode() == name_of(owner), finding
            no_backup(backend, "damaged")

    def record_of_another_owner_is_named():
        with stopped() as backend:
            first, second = map(name_of, backend.owners[:2])
            change(backend, "UPDATE sealed SET record = ? WHERE name = ?", rows(backend.database)[first], second)
            [finding] = says(backend, "records", "does not open")
            assert finding["subject"].encode() == second, finding

    def record_that_was_changed_or_cut_off_is_named():
        with stopped() as backend:
            name = name_of(backend.owners[0])
            whole = rows(backend.database)[name]
            for record in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:20], b""):
                change(backend, "UPDATE sealed SET record = ? WHERE name = ?", record, name)
                assert len(says(backend, "records", "does not open")) == 1

    def missing_mark_is_named():
        with stopped() as backend:
            change(backend, "DELETE FROM sealed WHERE name = CAST('deputy/sealed/mark' AS BLOB)")
            says(backend, "records", "names the key is gone")

    def other_identity_can_tell_nothing():
        with stopped() as backend:
            backend.identity = OTHER_KEY
            cannot_tell(backend, "secret")

    def damaged_page_is_found():
        with stopped(owners=8) as backend:
            damage(backend.database)
            done = backend.verb("doctor")
            assert done.returncode in (1, 2) and "nothing wrong" not in done.stdout, done
            assert "damaged" in done.stdout + done.stderr, done
            no_backup(backend, "damaged")

    def truncated_file_is_found():
        with stopped(owners=8) as backend:
            whole = backend.database.read_bytes()
            for length in (len(whole) - 4096, len(whole) // 2, 4096, 1000, 100, 10):
                backend.database.write_bytes(whole[:length])
                done = backend.verb("doctor")
                assert done.returncode in (1, 2) and "nothing wrong" not in done.stdout, (length, done)
                target = backend.directory / "none"
                assert backend.verb("backup", str(target)).returncode == 1 and not target.exists(), length
            backend.database.write_bytes(b"")
            cannot_tell(backend, "older")

    def other_schema_is_told():
        with stopped() as backend:
            with contextlib.closing(sqlite3.connect(backend.database)) as connection:
                connection.execute("PRAGMA user_version = 99")
            cannot_tell(backend, "newer")
            with contextlib.closing(sqlite3.connect(backend.database)) as connection:
                connection.execute("PRAGMA application_id = 7")
            cannot_tell(backend, "belongs to another program")

    def absent_database_is_told_and_not_made():
        with Backend(DEPUTY) as backend:
            assert backend.stop() == 0
            backend.database.unlink()
            assert backend.verb("doctor").returncode == 2
            assert not backend.database.exists()

    def modes_that_let_others_in_are_named():
        with furnished() as backend:
            data = backend.database.parent
            for path, mode, why in ((backend.database, 0o640, "chmod 600"), (backend.database, 0o604, "chmod 600"),
                                    (data / "backend.db-wal", 0o660, "chmod 600"), (data, 0o770, "chmod 700"), (data, 0o702, "chmod 700")):
                before = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode)
                [finding] = says(backend, "files", why)
                assert finding["subject"] == str(path), finding
                path.chmod(before)
            data.chmod(0o755)  # others may look which files there are
            is_content(backend)

    def key_that_others_may_read_is_refused():
        with stopped() as backend:
            backend.identity = None  # or the kit would make it right again
            backend.settings["key.file"] = str(backend.directory / "identity.json")
            os.chmod(backend.directory / "identity.json", 0o644)
            done = backend.verb("doctor")
            assert done.returncode == 2 and "others" in done.stderr, done


class Copies:
    def backup_is_whole_and_restored_grants_are_there():
        with furnished() as backend:
            target = backend.directory / "backup.db"
            done = backend.verb("backup", str(target))
            assert done.returncode == 0 and done.stdout == f"{target}: 3 grants, checked, nothing wrong\n", done
            assert stat.S_IMODE(target.stat().st_mode) == 0o600
            assert not list(backend.directory.glob("backup.db?*"))
            late = granted(backend, "late")
            assert backend.owners[0].ask("DELETE", "/api/delegations").status == 200
            assert backend.stop() == 0
            shutil.rmtree(backend.database.parent)
            backend.database.parent.mkdir(mode=0o700)
            done = backend.verb("restore", str(target), "--json")
            assert done.returncode == 0 and json.loads(done.stdout)["grants"] == 3, done
            assert stat.S_IMODE(backend.database.stat().st_mode) == 0o600
            backend.start()
            for owner in backend.owners:  # also what was withdrawn since
                assert owner.sign_in().status()["status"] == "active"
            assert late.sign_in().status()["status"] == "none"

    def backup_beside_a_backend_that_takes_and_loses_grants_is_of_one_moment():
        """First come grants, one after the other, and then they go in the same order: what a copy has is a run of them."""
        with furnished(owners=0) as backend:
            owners = [Owner(backend, name=f"busy {number}").open_session().sign_in() for number in range(12)]
            bundles = [owner.bundle() for owner in owners]

            def come_and_go():
                for _ in range(4):
                    for owner, bundle in zip(owners, bundles):
                        assert owner.post(bundle).status == 200
                    for owner in owners:
                        assert owner.ask("DELETE", "/api/delegations").status == 200

            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                going, copies = pool.submit(come_and_go), 0
                while not going.done():
                    target = backend.directory / f"copy{copies}"
                    done = backend.verb("backup", str(target), "--json")
                    assert done.returncode == 0, done
                    there = [name_of(owner) in rows(target) for owner in owners]
                    assert json.loads(done.stdout)["grants"] == sum(there), (done.stdout, there)
                    assert sum(one != other for one, other in zip(there, there[1:])) <= 1, there
                    copies += 1
                going.result()
                assert copies > 1, "nothing was copied meanwhile"

    def backup_may_go_where_others_put_things_too():
        with stopped() as backend:
            shared = backend.directory / "shared"
            shared.mkdir()
            shared.chmod(0o777)
            assert backend.verb("backup", str(shared / "copy")).returncode == 0
            assert stat.S_IMODE((shared / "copy").stat().st_mode) == 0o600

    def nothing_is_overwritten():
        with stopped() as backend:
            target = backend.directory / "backup.db"
            for there in (target, backend.directory / "backup.db.part"):
                there.write_text("mine")
                assert backend.verb("backup", str(target)).returncode == 1
                assert there.read_text() == "mine" and len(list(backend.directory.glob("backup.db*"))) == 1
                there.unlink()
            assert backend.verb("backup", str(target)).returncode == 0
            before = backend.database.read_bytes()
            done = backend.verb("restore", str(target))
            assert done.returncode == 1 and backend.database.read_bytes() == before, done
            target.unlink()
            target.symlink_to(backend.directory / "elsewhere")
            assert backend.verb("backup", str(target)).returncode == 1
            assert not (backend.directory / "elsewhere").exists()

    def restore_beside_a_key_in_the_data_directory():
        with stopped() as backend:
            target = backend.directory / "backup.db"
            assert backend.verb("backup", str(target)).returncode == 0
            shutil.rmtree(backend.database.parent)
            backend.database.parent.mkdir(mode=0o700)
            shutil.copy(backend.directory / "identity.json", backend.database.parent)
            assert backend.verb("restore", str(target)).returncode == 0
            is_content(backend)

    def broken_or_foreign_backup_is_not_restored():
        with stopped(owners=8) as backend:
            target = backend.directory / "backup.db"
            assert backend.verb("backup", str(target)).returncode == 0
            whole = target.read_bytes()
            shutil.rmtree(backend.database.parent)
            backend.database.parent.mkdir(mode=0o700)
            for length in (len(whole) - 4096, len(whole) // 2, 10, 0):
                target.write_bytes(whole[:length])
                assert backend.verb("restore", str(target)).returncode == 1, length
            target.write_bytes(whole)
            damage(target)
            assert backend.verb("restore", str(target)).returncode == 1
            target.write_bytes(whole)
            backend.identity = OTHER_KEY
            done = backend.verb("restore", str(target))
            assert done.returncode == 1 and "secret" in done.stderr, done
            assert list(backend.database.parent.iterdir()) == [], list(backend.database.parent.iterdir())

    def on_a_failing_disk_they_are_whole_or_absent():
        with stopped() as backend:
            faults = Faults(backend.directory / "faults")
            failing = {"LD_PRELOAD": str(pathlib.Path(DEPUTY).parent / "faults.so"), "FAULTS_CONTROL": str(faults.path),
                       "ASAN_OPTIONS": "verify_asan_link_order=0"}
            faults.trace_begin()
            assert backend.verb("backup", str(backend.directory / "backend.db.whole"), **failing).returncode == 0
            calls = len(faults.trace())
            assert calls > 4, f"only {calls} calls: the faults do not reach the backup"
            for nth in range(1, calls + 1):
                for error in (errno.ENOSPC, errno.EIO):
                    target = backend.directory / f"backend.db.{nth}-{error}"
                    faults.arm(nth, error)
                    done = backend.verb("backup", str(target), **failing)
                    faults.disarm()
                    assert done.returncode == (0 if target.exists() else 1), (nth, error, done)
                    assert not list(backend.directory.glob(target.name + "?*")), f"call {nth} left something"
            is_content(backend)

    def wrong_usage_is_told():
        with stopped() as backend:
            for arguments in (("backup",), ("restore",), ("backup", "--json"), ("doctor", "--no-such-setting", "x")):
                assert backend.verb(*arguments).returncode == 2, arguments


if __name__ == "__main__":
    run([check for group in (Doctor, Copies) for check in vars(group).values() if callable(check)])
