"""What `mfrl-dist traj` wrote, against the trajectory as h5py reads it.

    traj.py stats | agent | long | xdmf | minari | repaired  FILE  PREFIX

FILE is the trajectory; what is compared is PREFIXstats.csv and so on, see
traj.sh.  Exits with a message at the first difference.
"""
import csv
import json
import os
import sys
import xml.etree.ElementTree as ElementTree

import h5py
import numpy as np

what, path, prefix = sys.argv[1:]
f = h5py.File(path, "r")
agents = f["particles/agents"]


def field(name):
    group = agents.get(name)
    if isinstance(group, h5py.Group):
        return group["value"][()]
    return None


alive = field("alive").astype(bool)
T, N = alive.shape
action, reward, hp = field("action"), field("reward"), field("hp")
counts, neighbours = field("mean_action_counts"), field("neighbours")
lattice = isinstance(agents["position"], h5py.Dataset)
position = agents["position"][()] if lattice else field("position")
if lattice:
    position = np.broadcast_to(position, (T, N, 3))
step = agents["action/step"][()]
team = agents["species"][()]
teams = sorted(set(team.tolist()))
has_episodes = "parameters/episode" in f
episode = f["parameters/episode"][()] if has_episodes else np.zeros(T, int)
names = [n.decode() if isinstance(n, bytes) else n
         for n in f["parameters"].attrs.get("action_names", [])]


def check(ok, text):
    if not ok:
        sys.exit("wrong: " + text)


def near(text, value, where):
    check(text != "" and abs(float(text) - value) <= 1e-6 * max(1, abs(value)),
          f"{where}: traj has {text}, h5py {value}")


def entropy(x):
    p = x[x > 0] / x.sum()
    return float(-(p * np.log(p)).sum())


def team_numbers(a, b, k):
    """Of frames [a, b) and team k, by the names of stats.csv."""
    mine = team == k
    live = alive[a:b][:, mine]
    acts = action[a:b][:, mine]
    took = [acts[t][acts[t] != 255] for t in range(b - a)]
    spread = [entropy(np.bincount(x)) for x in took if len(x)]
    dead = 0
    for t in range(a, b):
        if t + 1 < T and episode[t] == episode[t + 1]:
            dead += int((alive[t] & ~alive[t + 1] & mine).sum())
    rewards = float(reward[a:b][:, mine].sum(dtype=np.float64))
    die = len(teams) > 1 or hp is not None
    there = "alive" if die else "acting"
    out = {there: int(live[-1].sum()), there + "_mean": live.sum() / (b - a),
           "return": rewards / mine.sum(),
           "reward_mean": rewards / max(1, live.sum())}
    if die:
        out["deaths"] = dead
    if spread:
        out["entropy"] = float(np.mean(spread))
    if hp is not None and live.sum():
        out["hp_mean"] = float(hp[a:b][:, mine][live].mean(dtype=np.float64))
    if counts is not None:
        c = counts[a:b][:, mine][live]
        c = c[c.sum(axis=1) > 0]
        if len(c):
            out["local_entropy"] = float(np.mean([entropy(x) for x in c]))
    took = np.concatenate(took)
    for i, name in enumerate(names):
        if len(took):
            out[name] = float((took == i).mean())
    return out


def spins(a, b):
    box = agents["box/edges"][()].astype(int)
    s = 2.0 * action[a:b].reshape(b - a, box[1], box[0]) - 1
    bonds = s * np.roll(s, -1, 1) + s * np.roll(s, -1, 2)
    order = np.abs(s.mean(axis=(1, 2)))
    check(np.allclose(order, f["observables/order_parameter/value"][a:b]),
          "the order parameter that the run recorded is another one")
    return {"order_parameter": order.mean(),
            "neighbour_correlation": bonds.mean() / 2}


def check_stats():
    rows = list(csv.DictReader(open(prefix + "stats.csv", newline="")))
    check(len(rows) == (T + 6) // 7, f"{len(rows)} windows of 7 in {T} frames")
    seen = 0
    for w, row in enumerate(rows):
        a, b = 7 * w, min(T, 7 * w + 7)
        check(int(row["first_frame"]) == a and int(row["frames"]) == b - a and
              int(row["first_step"]) == step[a] and
              int(row["last_step"]) == step[b - 1], f"window {w}")
        check(row["episode"] == (str(episode[a]) if has_episodes else ""),
              f"episode of window {w}")
        for k in teams:
            for name, value in team_numbers(a, b, k).items():
                near(row[f"team_{k}/{name}"], value, f"window {w}, {k} {name}")
                seen += 1
        for k, other in (teams, teams[::-1]) if len(teams) == 2 else ():
            check(row[f"team_{k}/kills"] == row[f"team_{other}/deaths"],
                  f"kills of window {w}")
        if lattice:
            for name, value in spins(a, b).items():
                near(row[name], value, f"window {w}, {name}")
                seen += 1
    check(seen >= 7 * len(rows), "too few numbers")


def number(text):
    return np.float32(text)


def same_row(row, t, i):
    ok = int(row["step"]) == step[t] and \
        row.get("episode", "") == (str(episode[t]) if has_episodes else "")
    if alive[t, i]:
        ok = ok and [int(row["x"]), int(row["y"])] == position[t, i, :2].tolist()
        ok = ok and (hp is None or number(row["hp"]) == hp[t, i])
    ok = ok and row["action"] == (str(action[t, i])
                                  if action[t, i] != 255 else "")
    if names and action[t, i] != 255:
        ok = ok and row["action_name"] == names[action[t, i]]
    return ok and number(row["reward"]) == reward[t, i]


def check_agent():
    rows = list(csv.DictReader(open(prefix + "agent.csv", newline="")))
    check(len(rows) == T, f"{len(rows)} rows for {T} frames")
    for t, row in enumerate(rows):
        check(same_row(row, t, 7) and int(row["alive"]) == alive[t, 7],
              f"frame {t}: {row}")


def check_long():
    rows = list(csv.DictReader(open(prefix + "long.csv", newline="")))
    check(len(rows) == alive.sum(), f"{len(rows)} rows, {alive.sum()} living")
    for (t, i), row in zip(np.argwhere(alive), rows):
        check(int(row["frame"]) == t and int(row["agent"]) == i and
              int(row["team"]) == team[i] and same_row(row, t, i),
              f"frame {t}, agent {i}: {row}")
        if neighbours is not None:
            check(int(row["neighbours"]) == neighbours[t, i], f"{row}")


TYPES = {("Int", "4"): "i4", ("UChar", "1"): "u1", ("Char", "1"): "i1",
         ("Float", "4"): "f4", ("UInt", "2"): "u2"}


def xdmf_item(item, directory):
    """The numbers that a DataItem stands for, as ParaView would find them."""
    dims = [int(x) for x in item.get("Dimensions").split()]
    if item.get("ItemType") == "HyperSlab":
        slab, source = item
        start, stride, count = np.array(slab.text.split(), int).reshape(3, -1)
        check(slab.get("Dimensions") == f"3 {len(start)}", "slab's shape")
        whole = xdmf_source(source, directory)
        part = whole[tuple(slice(a, a + s * n, s)
                           for a, s, n in zip(start, stride, count))]
        return part.reshape(dims)
    return xdmf_source(item, directory)[()].reshape(dims)


def xdmf_source(item, directory):
    file, at = item.text.strip().split(":")
    file = file if os.path.isabs(file) else os.path.join(directory, file)
    check(os.path.samefile(file, path), f"{file} is not {path}")
    data = f[at]
    check(item.get("Format") == "HDF" and
          data.dtype == TYPES[item.get("NumberType"), item.get("Precision")],
          f"type of {at}")
    check([int(x) for x in item.get("Dimensions").split()] ==
          list(data.shape), f"shape of {at}")
    return data


def check_xdmf():
    fields = {"alive": alive, "hp": hp, "action": action, "reward": reward,
              "neighbours": neighbours}
    for kind, directory in (("beside", os.path.dirname(path)), ("away", "/")):
        root = ElementTree.parse(prefix + kind + ".xdmf").getroot()
        grids = root.findall("Domain/Grid[@CollectionType='Temporal']/Grid")
        check(root.tag == "Xdmf" and len(grids) == T, f"{len(grids)} grids")
        for t in {0, 1, T // 2, T - 1}:
            grid = grids[t]
            check(int(grid.find("Time").get("Value")) == step[t], "time")
            check(int(grid.find("Topology").get("NumberOfElements")) == N, "N")
            xyz = xdmf_item(grid.find("Geometry/DataItem"), directory)
            check(np.array_equal(xyz, position[t]), f"positions of {t}")
            seen = []
            for a in grid.findall("Attribute"):
                name = a.get("Name")
                want = team if name == "team" else fields[name][t]
                seen.append(name)
                check(np.array_equal(xdmf_item(a[0], directory), want,
                                     equal_nan=name == "hp"), f"{name} of {t}")
            check(sorted(seen) == sorted(["team"] + [k for k in fields if
                                                     fields[k] is not None]),
                  f"attributes {seen}")


def lives():
    """(agent, first frame, steps, died) of all lives, agent by agent."""
    for i in range(N):
        t = 0
        while t < T:
            a = t
            while t < T and alive[t, i] and episode[t] == episode[a]:
                t += 1
            if t == a:
                t += 1
                continue
            acted = int((action[a:t, i] != 255).sum())
            died = t < T and episode[t] == episode[a]
            n = acted if died or acted < t - a else acted - 1
            if n > 0:
                yield i, a, n, died


def check_minari():
    data = prefix + "minari/data/"
    meta = json.load(open(data + "metadata.json"))
    check(meta["data_format"] == "hdf5", "data_format")
    obs = json.loads(meta["observation_space"])
    act = json.loads(meta["action_space"])
    check(obs["type"] == "Dict" and act["type"] == "Discrete", "spaces")
    check("not recorded" in meta["description"], "what is missing is not told")
    episodes = steps = ends = 0
    with h5py.File(data + "main_data.hdf5", "r") as m:
        for k, (i, a, n, died) in enumerate(lives()):
            e = m[f"episode_{k}"]
            check(e.attrs["id"] == k and e.attrs["total_steps"] == n and
                  e.attrs["agent"] == i and e.attrs["team"] == team[i],
                  f"attributes of episode {k}")
            check(set(e["observations"]) == set(obs["subspaces"]), "parts")
            check(np.array_equal(e["actions"], action[a:a + n, i]) and
                  np.array_equal(e["rewards"],
                                 reward[a:a + n, i].astype(float)),
                  f"actions or rewards of episode {k}")
            check(max(e["actions"]) < act["n"], "an action beyond the space")
            where = e["observations/position"][()]
            check(where.shape == (n + 1, 2) and
                  np.array_equal(where[:n], position[a:a + n, i, :2]) and
                  np.array_equal(where[n], position[a + n - died, i, :2]),
                  f"positions of episode {k}")
            if hp is not None:
                left = e["observations/hp"][:, 0]
                check(np.array_equal(left[:n], hp[a:a + n, i]) and
                      left[n] == (0 if died else hp[a + n, i]),
                      f"hp of episode {k}")
            if counts is not None:
                check(np.array_equal(e["infos/mean_action_counts"][:n],
                                     counts[a:a + n, i]), "counts")
            for name, last in (("terminations", died), ("truncations", not died)):
                flags = e[name][()]
                check(len(flags) == n and not flags[:-1].any() and
                      bool(flags[-1]) == last, f"{name} of episode {k}")
            episodes, steps, ends = episodes + 1, steps + n, ends + died
        check(len(m) == episodes, f"{len(m)} episodes, not {episodes}")
    check(meta["total_episodes"] == episodes and meta["total_steps"] == steps,
          "totals")
    check(lattice or ends > 0, "nobody died, so that nothing was tested")


def check_repaired():
    lengths = set()

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and item.maxshape[:1] == (None,):
            lengths.add(item.shape[0])
            item[()]

    f.visititems(visit)
    check(lengths == {T} and T >= 64, f"datasets of {lengths} frames")
    check(alive.any(axis=1).all(), "a frame without agents")


{"stats": check_stats, "agent": check_agent, "long": check_long,
 "xdmf": check_xdmf, "minari": check_minari,
 "repaired": check_repaired}[what]()
