#!/bin/sh
# tests/e2e/digests_algo.sh on more ranks.
FULL=1
. tests/e2e/digests_algo.sh
