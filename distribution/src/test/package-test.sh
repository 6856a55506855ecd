#!/bin/bash
# Does with the packed distribution what README.md says under "On three machines": three loopback addresses stand for them.
#   package-test.sh TARBALL
# Java is found as a user's shell finds it; Maven and the source tree are out of reach.
set -euo pipefail
tarball=$(readlink -f -- "$1")
work=$(mktemp -d)
pids=()

finish() {
  local code=$?
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  if [ "$code" -ne 0 ]; then tail -n 15 "$work"/*.out 2>/dev/null || true; fi
  cd /
  rm -rf -- "$work"
}
trap finish EXIT

fail() { echo "package-test: $*" >&2; exit 1; }

# Unpacked under a name with a space, and called through a symbolic link from elsewhere.
mkdir "$work/opt cairn" "$work/path" "$work/elsewhere"
tar -xzf "$tarball" -C "$work/opt cairn" --strip-components=1
for each in README.md bin/cairn bin/dfs bin/completion/cairn-completion.bash conf/cairn.conf conf/three-machines.conf \
  docs/architecture.md systemd/cairn-metaserver@.service systemd/cairn-dataserver@.service; do
  [ -e "$work/opt cairn/$each" ] || fail "$each is not in $tarball"
done
ln -s "$work/opt cairn/bin/cairn" "$work/path/cairn"
ln -s ../path/cairn "$work/elsewhere/cairn"
ln -s "$work/opt cairn/bin/dfs" "$work/path/dfs"
mkdir "$work/tools"
for tool in bash dirname readlink ls sed java; do ln -s "$(command -v "$tool")" "$work/tools/$tool"; done
unset CAIRN_HOME CAIRN_LIB CAIRN_FS CAIRN_CONF CAIRN_USER
cd "$work/elsewhere"

run() { PATH=$work/tools "$@"; }

# Step 2: host names and directories of one's own.
sed -e 's/node\([123]\).example.net/127.0.0.\1/g' -e "s#/var/lib/cairn#$work/var#" \
  -e "s#\[/data/disk1/cairn, /data/disk2/cairn\]#[$work/disk1, $work/disk2]#" \
  "$work/opt cairn/conf/three-machines.conf" >"$work/cairn.conf"
for n in 1 2 3; do sed -i "/d$n {/s#$work/disk#$work/m$n-disk#g" "$work/cairn.conf"; done

# Step 3.
id=$(run ./cairn format --conf "$work/cairn.conf" --id m1 | tail -n 1)
id=${id##* }
run ./cairn format --conf "$work/cairn.conf" --id m2 --cluster-id "$id" >/dev/null
run ./cairn format --conf "$work/cairn.conf" --id m3 --cluster-id "$id" >/dev/null
if run ./cairn format --conf "$work/cairn.conf" --id m1 >"$work/again.out" 2>&1; then fail "format overwrites"; fi

# Step 4.
for n in 1 2 3; do
  PATH=$work/tools ./cairn metaserver --conf "$work/cairn.conf" --id "m$n" >"$work/m$n.out" 2>&1 </dev/null &
  pids+=($!)
  PATH=$work/tools ./cairn dataserver --conf "$work/cairn.conf" --id "d$n" >"$work/d$n.out" 2>&1 </dev/null &
  pids+=($!)
done

# Step 1's faster start.
./cairn archive || fail "no class-data archive"
ls "$work/opt cairn/lib/"dfs-*.jsa "$work/opt cairn/lib/"servers-*.jsa >/dev/null || fail "the class-data archive is not beside the jars"

# Step 5.
export CAIRN_CONF=$work/cairn.conf
run ../path/dfs -ls /
for ((tries = 0; ; tries++)); do
  up=$(run ./cairn admin servers | grep -c '^d[123] .* UP ' || true)
  [ "$up" -eq 3 ] && break
  [ "$tries" -lt 60 ] || fail "$up of 3 data servers are UP"
  sleep 1
done
run ./cairn admin report | grep -q "EVERY CALLER'S USER NAME IS BELIEVED" || fail "security.mode = none is not told"
head -c 20000000 /dev/urandom >"$work/random"
run ../path/dfs -put "$work/random" cairn://home/tmp/random
run ../path/dfs -get /tmp/random "$work/back"
cmp "$work/random" "$work/back"
run ./cairn fsck / | grep -q HEALTHY || fail "not healthy"

kill -TERM "${pids[@]}"
for pid in "${pids[@]}"; do
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 143 ] || fail "a server ended with $code"
done
pids=()
echo "package-test: the packed distribution does what README.md says"
