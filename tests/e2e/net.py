"""Run the networks of a net.h5 from the file alone, as README.md says.

    net.py FILE GROUP VALUES PART...

Fails unless GROUP is a network of as many values whose rows of input are made
of exactly these parts, as "view" or "abar", and a forward pass of random rows
goes through all of its layers.
"""
import re
import sys

import h5py
import numpy as np

path, group, n_values, *parts = sys.argv[1:]
rng = np.random.default_rng(1)
ACTIVATIONS = {"relu": lambda x: np.maximum(x, 0), "linear": lambda x: x}


def text(attrs, name):
    value = attrs[name]
    return value.decode() if isinstance(value, bytes) else value


def convolution(x, w, stride):
    ky, kx = w.shape[:2]
    h = (x.shape[0] - ky) // stride + 1
    v = (x.shape[1] - kx) // stride + 1
    return np.stack([np.stack([
        np.tensordot(x[i * stride:i * stride + ky, j * stride:j * stride + kx],
                     w, 3) for j in range(v)]) for i in range(h)])


with h5py.File(path) as f:
    net = f[group]
    found = re.findall(r"(\w+) \[(\d+)\]\[(\d+)\]\[(\d+)\]",
                       text(net.attrs, "inputs"))
    assert [part[0] for part in found] == parts, found
    values = {name: rng.standard_normal([int(n) for n in shape])
              for name, *shape in found}
    for name in values:
        assert text(net.attrs, "input_" + name)
    used = set()
    for layer in text(net.attrs, "layers").split(", "):
        weight, bias = net[layer]["weight"], net[layer]["bias"]
        reads = re.split(r"[ ,+]+", text(weight.attrs, "input"))
        used.update(reads)
        if weight.ndim == 4:
            x = convolution(values[reads[0]], weight[:],
                            int(weight.attrs["stride"]))
        else:
            row = np.concatenate([values[name].ravel() for name in reads])
            assert row.size == weight.shape[0], (layer, row.size, weight.shape)
            x = row @ weight[:]
        values[layer] = ACTIVATIONS[text(weight.attrs, "activation")](x + bias[:])
    assert used == set(values) - {layer}, (used, set(values))
    assert values[layer].shape == (int(n_values),), values[layer].shape
    assert np.isfinite(values[layer]).all()
