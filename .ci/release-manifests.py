"""Checks manifests for winget and Scoop, and the list of modules of each binary:

    release-manifests.py DIR

The schemas beside this file hold of each format what the manifests use, and allow
nothing else; they were written by hand after winget's schemas 1.12.0 and Scoop's
schema.json. Each URL must end in the name of a file of DIR, and its hash be the file's;
each path within an archive must be there.
"""

import datetime
import glob
import hashlib
import json
import os
import sys
import tarfile
import zipfile

import jsonschema
import yaml

folder = sys.argv[1]
with open(os.path.join(os.path.dirname(__file__), "release-schemas.json")) as f:
    schemas = json.load(f)


def validate(document, kind):
    schema = dict(schemas, **{"$ref": "#/definitions/" + kind})
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


def check_file(url, sha256, inside):
    """inside: slashes or, as Windows writes them, backslashes."""
    path = os.path.join(folder, url.rpartition("/")[2])
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != sha256:
            sys.exit(f"{url}: the hash is not that of the file")
    names = zipfile.ZipFile(path).namelist() if path.endswith(".zip") else tarfile.open(path).getnames()
    if inside.replace("\\", "/") not in names:
        sys.exit(f"{url}: has no {inside}")


def one(pattern):
    (path,) = glob.glob(os.path.join(folder, pattern))
    return path


identities = set()
for kind, name in ("version", "mendcap.mendcap"), ("installer", "mendcap.mendcap.installer"), ("defaultLocale", "mendcap.mendcap.locale.en-US"):
    with open(one(name + ".winget.yaml")) as f:
        manifest = yaml.safe_load(f)
    if isinstance(manifest.get("ReleaseDate"), datetime.date):
        sys.exit("ReleaseDate: is no text")
    validate(manifest, "winget." + kind)
    identities.add((manifest["PackageIdentifier"], manifest["PackageVersion"]))
    for installer in manifest.get("Installers", []):
        check_file(installer["InstallerUrl"], installer["InstallerSha256"], installer["NestedInstallerFiles"][0]["RelativeFilePath"])
if len(identities) != 1:
    sys.exit(f"winget's manifests are of several packages or versions: {identities}")

with open(one("mendcap.scoop.json")) as f:
    manifest = json.load(f)
validate(manifest, "scoop")
for resource in manifest["architecture"].values():
    check_file(resource["url"], resource["hash"], resource["bin"][0])

lists = glob.glob(os.path.join(folder, "*.cdx.json"))
for path in lists:
    with open(path) as f:
        document = json.load(f)
    validate(document, "cyclonedx")
print(f"winget's 3 manifests, Scoop's and {len(lists)} lists of modules hold to their schemas")
