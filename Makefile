# mfrl-dist: `make help` lists the targets.
MODE    ?= release
MPICC   ?= mpicc
MPIRUN  ?= mpirun --oversubscribe --bind-to none
TIMEOUT ?= 120
PREFIX  ?= /usr/local
B       := build/$(MODE)

OPT_release := -O3 -DNDEBUG
OPT_debug   := -O0 -g3 -DMF_DEBUG
OPT_asan    := -O1 -g3 -DMF_DEBUG -fsanitize=address,undefined \
               -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ifndef OPT_$(MODE)
$(error MODE must be release, debug or asan)
endif

# Open MPI refuses to run as root unless told; containers and VMs have no one
# else.
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1

# Ours stay apart from the user's CFLAGS, which come last and may be given on
# the command line without switching these off.  Contraction is off so that
# every instruction set and compiler gives the same bits.
libs          := hdf5-serial openblas inih libcjson
MF_CPPFLAGS   := -Iinclude -D_GNU_SOURCE -MMD -MP
MF_CFLAGS     := -std=c17 -ffp-contract=off -Wall -Wextra -Wpedantic -Wshadow \
                 -Wvla -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
                 $(OPT_$(MODE))
PKG_CFLAGS     = $(shell pkg-config --cflags $(libs))
PKG_LIBS       = $(shell pkg-config --libs $(libs)) -lm
CHECK_CFLAGS   = $(shell pkg-config --cflags check)
CHECK_LIBS     = $(shell pkg-config --libs check)

lib.c   := $(filter-out src/app/main.c,$(wildcard src/*/*.c))
lib.o   := $(lib.c:%.c=$B/%.o)
unit    := $(patsubst %.c,$B/%,$(wildcard tests/unit/test_*.c))
mpi     := $(patsubst %.c,$B/%,$(wildcard tests/mpi/test_*.c))
ranks    = $(or $(shell sed -n 's/.*RANKS:\([0-9 ]*\).*/\1/p' $(1)),2)

.SECONDARY:
.DELETE_ON_ERROR:

all: $B/mfrl-dist ## build the program (MODE = release, debug, asan)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) \
	  | expand -t 18

$B/mfrl-dist: $B/src/app/main.o $B/libmfrl.a
	$(MPICC) $(MF_CFLAGS) $(CFLAGS) $^ $(LDFLAGS) $(PKG_LIBS) -o $@

$B/libmfrl.a: $(lib.o)
	@rm -f $@
	$(AR) rcs $@ $^

$B/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(MPICC) $(MF_CPPFLAGS) $(PKG_CFLAGS) $(CPPFLAGS) $(MF_CFLAGS) $(CFLAGS) \
	  -c $< -o $@

$B/tests/%: tests/%.c $B/libmfrl.a
	@mkdir -p $(@D)
	$(MPICC) $(MF_CPPFLAGS) -Itests $(PKG_CFLAGS) $(CHECK_CFLAGS) $(CPPFLAGS) \
	  $(MF_CFLAGS) $(CFLAGS) $< $B/libmfrl.a $(LDFLAGS) $(PKG_LIBS) \
	  $(CHECK_LIBS) -o $@

test-unit: $(unit:%=%.run) ## serial Check suites, each test forked

$B/tests/unit/%.run: $B/tests/unit/%
	@timeout $(TIMEOUT) $<

test-mpi: $(mpi:%=%.run) ## Check suites under mpirun, RANKS from each file

$B/tests/mpi/%.run: $B/tests/mpi/%
	@set -e; for n in $(call ranks,tests/mpi/$*.c); do \
	  echo "$* on $$n ranks"; timeout $(TIMEOUT) $(MPIRUN) -n $$n $<; done

clean: ## remove build/
	rm -rf build

.PHONY: all help test-unit test-mpi clean

-include $(shell find build -name '*.d' 2>/dev/null)
