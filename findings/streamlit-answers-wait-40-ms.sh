#!/usr/bin/env bash
# Streamlit 1.67.0 answers 40 ms late on Linux: it makes its listening socket itself, with no protocol number, and asyncio switches
# Nagle's algorithm off only for connections whose socket names TCP. The body of each answer on a connection that is kept open waits
# for the client's delayed acknowledgement of the head. A page of Streamlit's own loads some seventy small scripts, six at a time, so
# that it opens half a second later than it could. uvicorn itself, given a host and a port, answers the same file at once.
#
# Seen (Linux, Python 3.11): median from head to body 44 ms from `streamlit run`, under 1 ms from uvicorn 0.54.0 with the same file.
# Source for the cause, in uvicorn's own pre-bound sockets: https://github.com/Kludex/uvicorn/issues/3149
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0 uvicorn==0.54.0 starlette==1.10.0
cd "$folder"
export HOME="$folder"
mkdir static
echo '{"a": "small file"}' > static/small.json
echo 'import streamlit; streamlit.write("here")' > page.py
cat > plain.py <<'PY'
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

app = Starlette(routes=[Mount("/app/static", StaticFiles(directory="static"))])
PY
free() { venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
one=$(free) other=$(free)
venv/bin/streamlit run page.py --server.port "$one" --server.address 127.0.0.1 --server.headless true \
  --server.enableStaticServing true --browser.gatherUsageStats false > streamlit.log 2>&1 &
venv/bin/python -m uvicorn plain:app --host 127.0.0.1 --port "$other" > uvicorn.log 2>&1 &
cat > show.py <<'PY'
import socket
import statistics
import sys
import time

REQUEST = b"GET /app/static/small.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def waits(port):
    """Milliseconds from the first part of an answer to its end, of 20 requests on one connection."""
    for _ in range(300):
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            time.sleep(0.1)
    found = []
    for _ in range(20):
        connection.sendall(REQUEST)
        answer = connection.recv(65536)
        first = time.perf_counter()
        while b"small file" not in answer:
            part = connection.recv(65536)
            if not part:
                raise SystemExit(f"unexpected answer: {answer!r}")
            answer += part
        found.append(1000 * (time.perf_counter() - first))
    return found


streamlit, plain = (statistics.median(waits(int(port))) for port in sys.argv[1:])
print(f"head to body, median of 20: streamlit run {streamlit:.1f} ms, uvicorn {plain:.1f} ms")
sys.exit(0 if streamlit > 30 and plain < 15 else 1)
PY
venv/bin/python show.py "$one" "$other" || { echo "CHANGED: both answer alike"; exit 1; }
echo "as seen: the body waits for a delayed acknowledgement"
