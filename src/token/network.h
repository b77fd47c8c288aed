/* Encryption network ids inside resources, for the room's own use. */
#ifndef TOKEN_NETWORK_H
#define TOKEN_NETWORK_H

#include <deputy/resource.h>

/* The text begins with urn:tinycloud:encryption: */
bool network_has_prefix(struct deputy_slice text);

/* The path of a URI that has the prefix: tinycloud:encryption:<owner>:<name>; errors of deputy_network_parse.
 */
enum deputy_error network_from_path(struct deputy_network *out, struct deputy_slice path);

#endif
