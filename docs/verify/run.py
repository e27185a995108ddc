# python3 docs/verify/run.py < test/vectors/signatures.json: what verify.py says of each vector of a secret, a line each.
import json
import sys

from verify import verify

for vector in json.load(sys.stdin)["vectors"]:
    if not vector["key"].startswith("whsec_"):
        continue
    try:
        verify(vector["key"], vector["headers"], vector["body"].encode(), vector["now"])
        print("valid")
    except ValueError as error:
        print(f"invalid: {error}")
