# The libraries of the system, each linked into exactly one room (docs/architecture.md says why each is there).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SECP256K1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(TOMCRYPT REQUIRED IMPORTED_TARGET libtomcrypt)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(SSL REQUIRED IMPORTED_TARGET libssl)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
include(cmake/blake3.cmake)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
include(cmake/llhttp.cmake)

set(DEPUTY_PACKAGES_crypto
  PkgConfig::SODIUM PkgConfig::SECP256K1 PkgConfig::TOMCRYPT PkgConfig::CRYPTO deputy_blake3)
set(DEPUTY_PACKAGES_base m)
set(DEPUTY_PACKAGES_store PkgConfig::SQLITE Threads::Threads)
set(DEPUTY_PACKAGES_http crypto_tls PkgConfig::UV PkgConfig::CURL deputy_llhttp Threads::Threads)
set(DEPUTY_PACKAGES_run Threads::Threads)
