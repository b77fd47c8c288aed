/* The answer to an export: a file on its way to the client. */
#ifndef NODE_SQL_IMAGE_H
#define NODE_SQL_IMAGE_H

#include "http/exchange.h"

/* Sends the open file of so many bytes as an SQLite database, and closes it. Ends the exchange. */
void sql_image_send(struct http_exchange *x, int file, uint64_t bytes);

#endif
