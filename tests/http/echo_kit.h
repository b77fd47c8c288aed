/* What servers answer whose clients are under test: what came. */
#ifndef TESTS_HTTP_ECHO_KIT_H
#define TESTS_HTTP_ECHO_KIT_H

#include "http/exchange.h"
#include "http/server.h"

/*
 * The body, with X-Method, X-Authorization, X-Type, X-Length, X-Expect and X-Cookie: the request's, "-" where
 * it had none. `app` is not looked at.
 */
enum http_flow echo_answer(struct http_exchange *x, void *app);

/* 302 to /echo, with a cookie. */
enum http_flow echo_moved(struct http_exchange *x, void *app);

/* GET, POST, PUT and DELETE of /echo, with bodies of up to a million bytes, and GET of /moved. */
#define ECHO_ROUTES                                                                                          \
    {HTTP_METHOD_GET, "/echo", HTTP_BODY_WHOLE, 1000000, echo_answer},                                       \
            {HTTP_METHOD_POST, "/echo", HTTP_BODY_WHOLE, 1000000, echo_answer},                              \
            {HTTP_METHOD_PUT, "/echo", HTTP_BODY_WHOLE, 1000000, echo_answer},                               \
            {HTTP_METHOD_DELETE, "/echo", HTTP_BODY_WHOLE, 1000000, echo_answer},                            \
    {                                                                                                        \
        HTTP_METHOD_GET, "/moved", HTTP_BODY_NONE, 0, echo_moved                                             \
    }

#endif
