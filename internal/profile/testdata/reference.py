"""Writes the sample of real flights (nycflights13, CC0) and what pandas, numpy, scipy and fractions say about it.

    python3 reference.py flights2013.parquet

baseline.csv.gz  1 to 10 January 2013 (New York days)     window.csv.gz  8 February 2013
reference.json   exact values of both, by column
"""
import gzip, json, sys
from fractions import Fraction

import numpy as np, pandas as pd
from scipy import stats

f = pd.read_parquet(sys.argv[1])
f["speed"] = f.distance / f.air_time  # miles a minute, not an integer
columns = ["time_hour", "carrier", "dest", "tailnum", "dep_time", "dep_delay", "arr_delay", "air_time", "distance", "speed"]
parts = {"baseline": f[(f.month == 1) & (f.day <= 10)], "window": f[(f.month == 2) & (f.day == 8)]}
quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]


def describe(s):
    v = s.dropna()
    d = {"n": len(s), "nulls": int(s.isna().sum()), "distinct": int(v.nunique())}
    d["top"] = [[str(k), int(c)] for k, c in sorted(v.value_counts().items(), key=lambda kc: (-kc[1], str(kc[0])))[:5]]
    if s.name in ("carrier", "dest", "tailnum", "time_hour"):
        return d
    x = [Fraction(float(y)) for y in v]
    n, total, squares = len(x), sum(x), sum(y * y for y in x)
    mean, variance = total / n, (n * squares - total * total) / (n * (n - 1))
    d |= {"min": float(v.min()), "max": float(v.max()), "mean": float(mean), "variance": float(variance)}
    assert np.isclose(d["mean"], v.mean(), rtol=1e-12) and np.isclose(d["variance"], v.var(), rtol=1e-12)
    d["quantiles"] = [float(q) for q in np.quantile(v.to_numpy(float), quantiles, method="inverted_cdf")]
    return d


out = {"quantiles": quantiles, "baseline": {}, "window": {}, "compare": {}}
for name, part in parts.items():
    with gzip.GzipFile(f"{name}.csv.gz", "wb", mtime=0) as z:
        z.write(part[columns].to_csv(index=False).encode())
    for c in columns:
        out[name][c] = describe(part[c])
b, w = parts["baseline"], parts["window"]
for c in columns[4:]:
    x, y = b[c].dropna().to_numpy(float), w[c].dropna().to_numpy(float)
    edges = np.unique(np.quantile(x, np.arange(1, 10) / 10, method="inverted_cdf"))
    cells = lambda v: np.bincount(np.searchsorted(edges, v, side="left"), minlength=len(edges) + 1).tolist()
    cuts = np.unique(x) if len(np.unique(x)) <= 1024 else np.unique(np.concatenate(
        [np.sort(x)[np.maximum(np.ceil(len(x) * np.arange(1025) / 1024).astype(int), 1) - 1], edges]))
    out["compare"][c] = {"ks": float(stats.ks_2samp(x, y).statistic), "edges": edges.tolist(), "cuts": len(cuts),
                         "baseline_deciles": cells(x), "window_deciles": cells(y)}
for c in ["carrier", "dest"]:
    known = set(b[c])
    new = w[c][~w[c].isin(known)]
    out["compare"][c] = {"categories": len(known), "unseen": len(new), "unseen_values": sorted(set(new))}
json.dump(out, open("reference.json", "w"), indent=1)
