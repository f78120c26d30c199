#!/usr/bin/env python3
"""Verifies an audit trail without any code of the agent: verify_audit.py DIR [SEQ:HASH]
Exit codes: 0 whole, 1 tampered with, 2 cut off or without a beginning, 3 unreadable."""
import hashlib, json, os, re, sys


def fail(code, text):
    print(text)
    sys.exit(code)


def main(directory, anchor=None):
    try:
        names = sorted(n for n in os.listdir(directory) if re.fullmatch(r"audit-\d{12}\.jsonl", n))
        names += [n for n in os.listdir(directory) if n == "audit.jsonl"]
        files = [(n, open(os.path.join(directory, n), "rb").read()) for n in names]
    except OSError as error:
        fail(3, error)
    seq, prev, begin, seen = (None, None, None, False) if files else fail(3, "no trail")
    for name, data in files:
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            where = f"{name}:{number}"
            try:
                record = json.loads(line)
                mine, stated, own = record["seq"], record["prev"], record["hash"]
                body = line[: line.rindex(b',"hash":"')]
            except (ValueError, KeyError, TypeError):
                fail(1, f"{where}: not a record")
            if hashlib.sha256(stated.encode() + body).hexdigest() != own:
                fail(1, f"{where}: record {mine}: hash")
            if seq is not None and (mine != seq + 1 or stated != prev) or mine == 1 and stated != "0" * 64:
                fail(1, f"{where}: record {mine}: chain")
            if record.get("event") == "audit.seal" and record.get("count") != number:
                fail(1, f"{where}: record {mine}: count")
            if anchor and anchor[0] == mine:
                seen = True
                if anchor[1] != own:
                    fail(1, f"{where}: record {mine}: anchor")
            seq, prev, begin = mine, own, mine if begin is None else begin
        if data and not data.endswith(b"\n"):
            fail(2, f"{name}: last line not complete")
    if anchor and anchor[0] > (seq or 0) or (begin or 1) > 1 and not seen:
        fail(2, f"records {begin} to {seq}: cut off")
    fail(0, f"records {begin} to {seq} are whole")


main(sys.argv[1], (int(sys.argv[2].split(":")[0]), sys.argv[2].split(":")[1]) if len(sys.argv) > 2 else None)
