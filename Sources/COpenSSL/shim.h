// SHA-256 names pictures; TLS will come from here too.
#include <openssl/sha.h>
