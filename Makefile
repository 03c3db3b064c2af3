# mfrl-dist: `make help` lists the targets.
MODE    ?= release
MPICC   ?= mpicc
MPIRUN  ?= mpirun --oversubscribe --bind-to none
TIMEOUT ?= 900
PREFIX  ?= /usr/local
CLANG_FORMAT ?= clang-format-14
VALGRIND     ?= valgrind -q --leak-check=full --show-leak-kinds=definite \
                --errors-for-leak-kinds=definite --error-exitcode=99
NP      ?= $(shell nproc)
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
# every instruction set and compiler gives the same bits.  pkg-config is asked
# when something is compiled, so that `make deps` works before it is there.
MF_CPPFLAGS   := -Iinclude -D_GNU_SOURCE
MF_CFLAGS     := -std=c17 -ffp-contract=off -fno-math-errno -Wall -Wextra \
                 -Wpedantic -Wshadow -Wvla -Wconversion \
                 -Wstrict-prototypes -Wmissing-prototypes $(OPT_$(MODE))
hdf5           = $(shell pkg-config --exists hdf5-serial && echo hdf5-serial \
                   || echo hdf5)
libs           = $(hdf5) openblas inih libcjson zlib
pkg            = $(shell pkg-config $(1))$(if $(filter-out 0,$(.SHELLSTATUS)),\
                   $(error a library is missing: run `make deps`))
PKG_CFLAGS     = $(call pkg,--cflags $(libs))
PKG_LIBS       = $(call pkg,--libs $(libs)) -lm
CHECK_CFLAGS   = $(call pkg,--cflags check)
CHECK_LIBS     = $(call pkg,--libs check)
# The same kernel for several instruction sets; see src/nn/product_impl.h.
ifneq ($(filter x86_64%,$(shell $(MPICC) -dumpmachine)),)
$B/src/nn/product_v3.o: MF_CFLAGS += -march=x86-64-v3
$B/src/nn/product_v4.o: MF_CFLAGS += -march=x86-64-v4
endif
say            = $(if $(V),,@echo '  $(1)';)# V=1 shows whole commands
compile        = $(MPICC) $(MF_CPPFLAGS) $(PKG_CFLAGS) $(CPPFLAGS) \
                 $(MF_CFLAGS) $(CFLAGS)
link           = $(MPICC) $(MF_CFLAGS) $(CFLAGS) $^ $(LDFLAGS) $(PKG_LIBS)

lib.c   := $(filter-out src/app/main.c,$(wildcard src/*/*.c))
lib.o   := $(lib.c:%.c=$B/%.o)
unit    := $(patsubst %.c,$B/%,$(wildcard tests/unit/test_*.c))
mpi     := $(patsubst %.c,$B/%,$(wildcard tests/mpi/test_*.c))
e2e     := $(filter-out tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))
vg      := $(filter %/test_net %/test_opt %/test_checkpoint \
             %/test_checkpoint_failure,$(unit))
sources  = $(wildcard src/*/*.[ch] include/mfrl/*/*.h tests/*/*.[ch])
run     := MFRL=$B/mfrl-dist MPIRUN='$(MPIRUN)' TIMEOUT=$(TIMEOUT) tests/run.sh

.SECONDARY:
.DELETE_ON_ERROR:

all: $B/mfrl-dist ## build the program (MODE = release, debug, asan)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 18

deps: ## install what building and testing need and is missing
	@.ci/setup build test

demo: ## train the Ising curve and draw it beside the exact one
	@.ci/setup build plot
	@$(MAKE) --no-print-directory all
	rm -rf runs/demo
	$(MPIRUN) -n $(NP) $B/mfrl-dist train configs/ising-curve.ini \
	  run.dir=runs/demo
	gnuplot -e "run='runs/demo'" configs/plots/ising-curve.gp
	@echo "The picture: runs/demo/plots/ising-curve.png (and .svg)"

$B/mfrl-dist: $B/src/app/main.o $B/libmfrl.a
	$(call say,LD $@)$(link) -o $@

$B/libmfrl.a: $(lib.o)
	@rm -f $@
	$(call say,AR $@)$(AR) rcs $@ $^

$B/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC $<)$(compile) -MMD -MP -c $< -o $@

$B/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call say,CC $<)$(compile) -Itests $(CHECK_CFLAGS) -MMD -MP -c $< -o $@

$(unit) $(mpi): %: %.o $B/libmfrl.a
	$(call say,LD $@)$(link) $(CHECK_LIBS) -o $@

test: ## install what is missing, build, run all tests, sum up
	@.ci/setup build test
	@$(MAKE) --no-print-directory test-all

test-all: programs
	@$(run) $(unit) $(mpi) $(e2e)

test-unit: $(unit) ## serial Check suites
	@$(run) $(unit)

test-mpi: $(mpi) ## Check suites under mpirun, RANKS from each file
	@$(run) $(mpi)

test-e2e: $B/mfrl-dist ## scripts that use the program as a user does
	@$(run) $(e2e)

test-slurm: $B/mfrl-dist ## slurm/ under a SLURM of its own (root)
	@[ "$$(id -u)" -ne 0 ] || .ci/setup slurm
	@$(run) tests/slurm/jobs.sh

test-hosts: $B/mfrl-dist ## a job over several hosts, and links that fail (root)
	@[ "$$(id -u)" -ne 0 ] || .ci/setup hosts
	@$(run) tests/hosts/hosts.sh

test-nightly: $B/mfrl-dist ## what takes minutes: it learns
	@$(run) $(wildcard tests/nightly/*.sh)

faults: $B/mfrl-dist ## inject FAULTS (100) faults drawn from SEED (1), resume
	@MFRL=$B/mfrl-dist MPIRUN='$(MPIRUN)' \
	  python3 tests/faults/campaign.py $(or $(FAULTS),100) $(or $(SEED),1)

$B/%.run: $B/% # one suite: make build/release/tests/unit/test_opt.run
	@$(run) $<

programs: $B/mfrl-dist $(unit) $(mpi) ## build everything, run nothing

paper-quick: $B/mfrl-dist ## the paper's experiments in short; paper-battle, -ising, -squeeze: in full
	@set -e; for e in battle ising squeeze; do \
	  QUICK=1 MFRL=$B/mfrl-dist MPIRUN='$(MPIRUN)' NP=$(NP) sh configs/paper/$$e.sh; done

paper-%: $B/mfrl-dist # one of them: make paper-battle, make paper-ising
	@MFRL=$B/mfrl-dist MPIRUN='$(MPIRUN)' NP=$(NP) sh configs/paper/$*.sh

valgrind: $(vg) $B/mfrl-dist ## some serial suites and runs under valgrind
	@WRAP='$(VALGRIND)' $(run) $(vg) tests/valgrind.sh

layers: ## includes follow the layer table; every header compiles alone
	@CC='$(compile)' tests/layers.sh

format: ## lay out the sources with clang-format 14
	@$(CLANG_FORMAT) -i $(sources)

format-check: ## fail if `make format` would change anything
	@$(CLANG_FORMAT) --dry-run -Werror $(sources)

install: $B/mfrl-dist ## to DESTDIR and PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/mfrl-dist
	install -m 755 $B/mfrl-dist $(DESTDIR)$(PREFIX)/bin
	cp -R configs slurm LICENSE $(wildcard README.md) \
	  $(DESTDIR)$(PREFIX)/share/mfrl-dist

clean: ## remove build/
	rm -rf build

.PHONY: all help deps demo test test-all test-unit test-mpi test-e2e \
        test-nightly test-slurm test-hosts faults paper-quick programs \
        valgrind layers format format-check install clean

-include $(shell find build -name '*.d' 2>/dev/null)
