# What ships: libdeputy (static and shared) and the deputy binary. Filled by the rooms that exist.
