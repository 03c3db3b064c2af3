#!/bin/sh
# Check the layers: who may include whom, which system header has its only
# place where, and that every header compiles alone.
#
#   CC='mpicc -Iinclude ...' tests/layers.sh
#
# Prints one line for each breach and exits 1 if there was any.
set -u

CC=${CC:-mpicc -std=c17 -D_GNU_SOURCE -Iinclude}
found=$(mktemp) || exit 1
trap 'rm -f "$found" "$found.log"' EXIT

breach() {
    echo "layers: $*" | tee -a "$found"
}

# The table: what a folder may include beside itself.
allowed() {
    case $1 in
    base) echo "" ;;
    cfg | grid | nn | replay | io) echo "base" ;;
    env) echo "base cfg grid" ;;
    algo) echo "base cfg grid nn" ;;
    comm) echo "base grid" ;;
    app) echo "base cfg grid nn replay io env algo comm" ;;
    *) return 1 ;;
    esac
}

# Where a system header may be included; anything not named may be anywhere.
place_of() {
    case $1 in
    mpi.h | mpi-ext.h) echo "comm app" ;;
    hdf5.h | hdf5_hl.h | H5*.h) echo "io" ;;
    cblas.h | openblas*.h | lapacke.h) echo "nn" ;;
    cJSON.h | cjson/* | zlib.h) echo "io" ;;
    ini.h) echo "cfg" ;;
    esac
}

is_in() { # WORD LIST
    case " $2 " in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
    esac
}

folder_of() {
    case $1 in
    include/mfrl/*) rest=${1#include/mfrl/} ;;
    src/*) rest=${1#src/} ;;
    esac
    echo "${rest%%/*}"
}

check_include() { # FILE LINE HEADER
    folder=$(folder_of "$1")
    if ! may=$(allowed "$folder"); then
        breach "$1: folder '$folder' is not in the table"
        return
    fi
    case $3 in
    mfrl/*)
        to=${3#mfrl/}
        to=${to%%/*}
        is_in "$to" "$folder $may" ||
            breach "$1:$2: $folder may not include $3"
        [ -e "include/$3" ] || breach "$1:$2: there is no include/$3"
        ;;
    *..*)
        breach "$1:$2: '$3' leaves its folder"
        ;;
    *)
        place=$(place_of "${3#openmpi/}")
        [ -z "$place" ] || is_in "$folder" "$place" ||
            breach "$1:$2: $3 belongs in $place only"
        ;;
    esac
}

includes() { # every include in the tree as FILE LINE HEADER
    grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' \
        src include/mfrl |
        sed 's/^\([^:]*\):\([0-9]*\):[^"<]*["<]\([^">]*\)[">].*$/\1 \2 \3/'
}

# A header twice in an otherwise empty file: it must bring what it uses and
# guard itself.  Lists that are expanded by a macro (x_list.h) are no headers
# in this sense.
check_alone() { # FILE
    printf '#include "%s"\n#include "%s"\nextern int here;\n' \
        "$PWD/$1" "$PWD/$1" |
        $CC -Werror -fsyntax-only -x c - 2>"$found.log" ||
        breach "$1 does not compile alone: $(grep -m 1 error "$found.log")"
}

includes | while read -r file line header; do
    check_include "$file" "$line" "$header"
done
n=0
for header in $(find include/mfrl src -name '*.h' ! -name '*_list.h' | sort); do
    check_alone "$header"
    n=$((n + 1))
done

if [ -s "$found" ]; then
    exit 1
fi
echo "layers: $(includes | wc -l) includes and $n headers are in order"
