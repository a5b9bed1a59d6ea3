#!/usr/bin/env bash
# rjsmin 1.3.0 takes spaces out of text: a template literal within a template literal is minified as if it were code. The result
# is valid JavaScript without any warning, and says something else.
#
# Seen: the input prints "a note: C4  E4", what rjsmin makes of it prints "a note:C4E4".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rjsmin==1.3.0

cat > "$folder/input.js" <<'JS'
const example = "C4";
console.log(`a note${example ? `: ${example}  E4` : ""}`);
JS
"$folder/venv/bin/python" -m rjsmin < "$folder/input.js" > "$folder/output.js"
echo "rjsmin $("$folder/venv/bin/pip" list 2>/dev/null | awk '$1 == "rjsmin" { print $2 }') makes of"
cat "$folder/input.js"
echo "this:"
cat "$folder/output.js"
echo
grep -qF '`: ${example}  E4`' "$folder/input.js"
grep -qF '`:${example}E4`' "$folder/output.js" || { echo "CHANGED: the text within is kept now"; exit 1; }
echo "as seen: the spaces are gone"
