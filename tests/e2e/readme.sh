#!/bin/sh
# README's Python reads every kind of file that a run leaves, word for word.
. tests/e2e/lib.sh

if ! python=$(h5py_python); then
    skip "README's Python: apt-get install python3-h5py"
    exit
fi
top=$PWD
case $MFRL in /*) ;; *) MFRL=$top/$MFRL ;; esac
cd "$SCRATCH" || exit 1
check "an Ising run" run train "$top/configs/ising.ini" run.rounds=40
check "a recorded battle" run train "$top/configs/battle-20.ini" run.dir=runs/a \
    run.rounds=2 eval.every=0 trajectory.every=1 \
    "net.layers=view: dense 8 | dense 8"
awk '/^```$/ { open = 0 }
     open { print > ("snippet-" n ".py") }
     /^```python$/ { open = 1; n++ }' "$top/README.md"
check "README has three pieces of Python" [ -f snippet-3.py ]

prints() { # SNIPPET: it runs, and prints something
    "$python" "$1" >"$LOG" 2>&1 && [ -s "$LOG" ]
}

for snippet in snippet-*.py; do
    check "README's $snippet" prints "$snippet"
done
