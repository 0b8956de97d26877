"""Writes kinds.parquet (every kind of column, in several row groups, with dictionaries and nulls) with pyarrow, and
kinds.ndjson, what Python says its rows are.

    python3 write.py
"""
import datetime as dt, decimal, json

import pyarrow as pa, pyarrow.parquet as pq

utc = dt.timezone.utc
n = 30
when = [dt.datetime(2013, 2, 8, 17, 4, 5, 123000, utc) + dt.timedelta(hours=i) for i in range(n)]
hole = lambda v: [None if i % 7 == 3 else x for i, x in enumerate(v)]
columns = {
    "int8": (pa.int8(), [i - 15 for i in range(n)]),
    "int32": (pa.int32(), hole([i * 1000 for i in range(n)])),
    "int64": (pa.int64(), [2**63 - 1 - i for i in range(n)]),
    "uint64": (pa.uint64(), [2**64 - 1 - i for i in range(n)]),
    "float32": (pa.float32(), [i / 4 for i in range(n)]),
    "float64": (pa.float64(), hole([i / 3 for i in range(n)])),
    "bool": (pa.bool_(), hole([i % 2 == 0 for i in range(n)])),
    "text": (pa.string(), hole([f'é "{i}" \\ \u2028' for i in range(n)])),
    "large": (pa.large_string(), [f"N{i}" for i in range(n)]),
    "category": (pa.dictionary(pa.int8(), pa.string()), hole([["EWR", "JFK", "LGA"][i % 3] for i in range(n)])),
    "stamp_ms": (pa.timestamp("ms", "UTC"), hole(when)),
    "stamp_us": (pa.timestamp("us", "America/New_York"), when),
    "date": (pa.date32(), [w.date() for w in when]),
    "money": (pa.decimal128(12, 2), [decimal.Decimal(i) / 4 for i in range(n)]),
    "list": (pa.list_(pa.int64()), [[i, None, i + 1] for i in range(n)]),
}
table = pa.table({k: pa.array(v, t) for k, (t, v) in columns.items()})
pq.write_table(table, "kinds.parquet", row_group_size=11, compression="zstd")


def plain(v):
    if isinstance(v, dt.datetime):
        return v.astimezone(utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(v, decimal.Decimal):
        return float(v)
    return str(v) if isinstance(v, dt.date) else v


with open("kinds.ndjson", "w") as f:
    for row in pq.read_table("kinds.parquet").to_pylist():
        f.write(json.dumps({k: plain(v) for k, v in row.items()}) + "\n")
