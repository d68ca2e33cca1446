/* mkcerts.c: `mkcerts FOLDER` makes the certificate matrix of certs.h there, once a day. */
#include "config.h"

#include "certs.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: mkcerts FOLDER\n");
        return 64;
    }
    certs_ensure(argv[1]);
    return 0;
}
