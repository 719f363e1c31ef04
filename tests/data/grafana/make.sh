#!/bin/sh
# Writes schema-VERSION.json beside it, from npm's @grafana/schema. By a relative path: importing
# @grafana/schema/dist/… by name gives an empty schema that accepts anything.
set -eu
version=13.2.3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --no-audit --no-fund "@grafana/schema@$version" typescript ts-json-schema-generator >/dev/null
types=./node_modules/@grafana/schema/dist/types/raw
echo '{"compilerOptions":{"target":"es2020","module":"commonjs","moduleResolution":"node","skipLibCheck":true}}' >tsconfig.json
{
    echo "import { Dashboard } from '$types/dashboard/x/types.gen';"
    for kind in table timeseries barchart stat bargauge heatmap candlestick statetimeline text; do
        echo "import * as $kind from '$types/composable/$kind/panelcfg/x/types.gen';"
    done
    echo "export interface Root { dashboard: Dashboard;"
    for kind in table timeseries barchart stat bargauge heatmap candlestick statetimeline text; do
        echo "${kind}_options: $kind.Options;"
    done
    for kind in table timeseries barchart heatmap candlestick statetimeline; do
        echo "${kind}_custom: $kind.FieldConfig;"
    done
    echo "}"
} >root.ts
npx ts-json-schema-generator --path root.ts --tsconfig tsconfig.json --type Root --no-type-check \
    --expose none -o all.json
python3 - "$here/schema-$version.json" <<'PYTHON'
import json, sys

def bare(part):
    if isinstance(part, dict):
        words = ("description", "default")
        return {k: bare(v) for k, v in part.items() if k not in words or isinstance(v, dict)}
    return [bare(v) for v in part] if isinstance(part, list) else part

parts = bare(json.load(open("all.json"))["definitions"]["Root"]["properties"])
assert len(json.dumps(parts["dashboard"])) > 10_000, "an empty schema accepts anything"
json.dump(parts, open(sys.argv[1], "w"), indent=0, sort_keys=True)
PYTHON
