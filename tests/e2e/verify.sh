#!/bin/sh
# verify: recordings play again to the same bytes, changed ones do not.
. tests/e2e/lib.sh

for file in tests/data/*.h5; do
    check "verify $(basename "$file")" exits 0 run verify "$file"
done
check "which says what it compared" log_says \
    'walls-24.h5: 18 frames of 64 agents agree in position, alive, hp, .* views'
check "a file that is not there" exits 3 run verify "$SCRATCH/none.h5"
check "a file that is no trajectory" exits 3 run verify README.md
check "no file" exits 2 run verify
check "verify --help" exits 0 run verify --help
