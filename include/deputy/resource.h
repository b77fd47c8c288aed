/*
 * What a capability is about (spec/01 section 2, spec/02 section 2.3): something in a space, an encryption
 * network, or any other URI. Parsing never repairs a URI: what is not in normal form is no space resource.
 */
#ifndef DEPUTY_RESOURCE_H
#define DEPUTY_RESOURCE_H

#include <deputy/did.h>

#ifdef __cplusplus
extern "C" {
#endif

/* tinycloud:<did without "did:">:<name> */
struct deputy_space {
    struct deputy_principal owner;
    struct deputy_slice name;
};

/* urn:tinycloud:encryption:<owner>:<name> */
struct deputy_network {
    struct deputy_principal owner;
    struct deputy_slice name;
};

enum deputy_resource_kind { DEPUTY_RESOURCE_SPACE, DEPUTY_RESOURCE_NETWORK, DEPUTY_RESOURCE_OTHER };

/* All slices point into the input. */
struct deputy_resource {
    enum deputy_resource_kind kind;
    struct deputy_slice written;   /* the URI as it stands in the token */
    struct deputy_space space;     /* DEPUTY_RESOURCE_SPACE */
    struct deputy_network network; /* DEPUTY_RESOURCE_NETWORK */
    struct deputy_slice service;   /* DEPUTY_RESOURCE_SPACE, as the next three */
    struct deputy_slice path;      /* absent differs from empty */
    struct deputy_slice query;     /* absent differs from empty */
    struct deputy_slice fragment;  /* absent differs from empty */
};

/* DEPUTY_E_URI when the text is no RFC 3986 URI; every URI is some resource. */
DEPUTY_EXPORT enum deputy_error deputy_resource_parse(struct deputy_resource *out, struct deputy_slice text);

/* The display form: the Ethereum owner of a space in EIP-55 form, everything else as written. */
DEPUTY_EXPORT enum deputy_error deputy_resource_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_resource *resource);

/* The same resource, however the letters of an Ethereum address are written. */
DEPUTY_EXPORT bool deputy_resource_equal(const struct deputy_resource *a, const struct deputy_resource *b);

/*
 * The child lies inside the parent (spec/02 section 2.3, with its hardening: another URI only by equality or
 * at a delimiter; a parent's query must be repeated).
 */
DEPUTY_EXPORT bool deputy_resource_extends(
        const struct deputy_resource *child, const struct deputy_resource *parent);

/* Whose resource it is: the owner of its space or network, NULL for any other URI. */
DEPUTY_EXPORT const struct deputy_principal *deputy_resource_owner(const struct deputy_resource *resource);

/* DEPUTY_E_SPACE when the text is no space id in normal form. */
DEPUTY_EXPORT enum deputy_error deputy_space_parse(struct deputy_space *out, struct deputy_slice text);
DEPUTY_EXPORT enum deputy_error deputy_space_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_space *space);
DEPUTY_EXPORT bool deputy_space_equal(const struct deputy_space *a, const struct deputy_space *b);

/* One error for each way to be none: DEPUTY_E_NETWORK_ID_…, or DEPUTY_E_URI for what is no plain URI. */
DEPUTY_EXPORT enum deputy_error deputy_network_parse(struct deputy_network *out, struct deputy_slice text);
DEPUTY_EXPORT enum deputy_error deputy_network_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_network *network);

#ifdef __cplusplus
}
#endif

#endif
