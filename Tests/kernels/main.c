// Compares every table that this processor has with the plain kernels; run natively or under an emulator.

#include "check.h"

int checks, failures;

int main(void) {
    size_t tables = 0;
    for (int isa = 0; isa < CK_ISA_COUNT; isa++) {
        const ck_kernels *table = ck_table((ck_isa)isa);
        if (!table) continue;
        int before = failures;
        check_rows(table);
        check_products(table);
        check_attention(table);
        printf("%s: %s\n", table->name, failures == before ? "ok" : "FAILED");
        tables++;
    }
    printf("Ran %d checks of %zu tables, %d failed\n", checks, tables, failures);
    return failures ? 1 : 0;
}
