/* Marks what the shared library offers; everything else in it is hidden. */
#ifndef DEPUTY_EXPORT_H
#define DEPUTY_EXPORT_H

#if defined(__GNUC__)
#define DEPUTY_EXPORT __attribute__((visibility("default")))
#else
#define DEPUTY_EXPORT
#endif

#endif
