# Sourced by cairn, dfs, build and verify: where things are, and which Java runs them.

# Names of local files are bytes: a UTF-8 locale lets Java carry them.
export LC_ALL=C.UTF-8

# The directory above bin, through symbolic links.
cairn_home() {
  local source="$1" directory
  while [ -L "$source" ]; do
    directory=$(cd -P "$(dirname -- "$source")" && pwd) || return
    source=$(readlink -- "$source")
    case "$source" in /*) ;; *) source="$directory/$source" ;; esac
  done
  cd -P "$(dirname -- "$source")/.." && pwd
}

# Sets CAIRN_LIB to the directory of jars, or says how to build and ends.
find_lib() {
  local candidate
  for candidate in "$CAIRN_HOME"/lib "$CAIRN_HOME"/distribution/target/cairn-*/cairn-*/lib "$CAIRN_HOME"/distribution/target/cairn-*/lib; do
    if ls "$candidate"/cairn-common-*.jar >/dev/null 2>&1; then
      CAIRN_LIB=$candidate
      return
    fi
  done
  echo "cairn: not built yet: run $CAIRN_HOME/bin/build (or bin/cairn quickstart, which builds first)" >&2
  exit 255
}

# Sets CAIRN_JAVA, CAIRN_JAVA_MAJOR, and CAIRN_JAVA_VECTORS where it has the Vector API.
find_java() {
  if [ -n "${CAIRN_JAVA_HOME:-}" ]; then
    CAIRN_JAVA=$CAIRN_JAVA_HOME/bin/java
  elif [ -n "${JAVA_HOME:-}" ]; then
    CAIRN_JAVA=$JAVA_HOME/bin/java
  else
    CAIRN_JAVA=$(command -v java || true)
  fi
  if [ -z "$CAIRN_JAVA" ] || [ ! -x "$CAIRN_JAVA" ]; then
    echo "cairn: no Java found: install a JDK 17 (Debian: apt-get install openjdk-17-jdk-headless) or set CAIRN_JAVA_HOME" >&2
    exit 255
  fi
  local release
  release=$(dirname -- "$(dirname -- "$(readlink -f -- "$CAIRN_JAVA")")")/release
  CAIRN_JAVA_MAJOR=17
  CAIRN_JAVA_VECTORS=
  if [ -r "$release" ]; then
    if grep -q '^MODULES=.*[" ]jdk\.incubator\.vector[" ]' "$release"; then CAIRN_JAVA_VECTORS=true; fi
    CAIRN_JAVA_MAJOR=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release")
  fi
  if [ "${CAIRN_JAVA_MAJOR:-17}" -lt 17 ]; then
    echo "cairn: $CAIRN_JAVA is Java $CAIRN_JAVA_MAJOR; Cairn needs 17 or newer" >&2
    exit 255
  fi
}

# Flags that only newer JVMs know.
version_flags() {
  if [ "$CAIRN_JAVA_MAJOR" -ge 25 ]; then
    echo "-XX:+UseCompactObjectHeaders --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
  elif [ "$CAIRN_JAVA_MAJOR" -ge 22 ]; then
    echo "--enable-native-access=ALL-UNNAMED"
  fi
}

# Memory and collector of a role.
role_flags() {
  local common="-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Dio.netty.allocator.type=pooled -Dfile.encoding=UTF-8"
  # Pools of 2 MiB for messages, of 16 MiB for packets of 1 MiB: one of which nothing is in use is given back.
  local small_pools="-Dio.netty.allocator.maxOrder=8" packet_pools="-Dio.netty.allocator.maxOrder=11"
  case "$1" in
    # A full collection of the serial collector can outlast the election time-out.
    metaserver) echo "${common/UseSerialGC/UseG1GC} $small_pools -XX:MaxGCPauseMillis=50 -Xms48m -Xmx384m -XX:MaxDirectMemorySize=192m -XX:ReservedCodeCacheSize=64m" ;;
    # It computes parity. Asked for, the module prints a line of warning.
    dataserver) echo "$common ${CAIRN_JAVA_VECTORS:+--add-modules jdk.incubator.vector} $packet_pools -Xms32m -Xmx256m -XX:MaxDirectMemorySize=256m -XX:ReservedCodeCacheSize=64m" ;;
    mount) echo "$common $packet_pools -Xms64m -Xmx512m -XX:MaxDirectMemorySize=512m -XX:ReservedCodeCacheSize=64m" ;;
    shell) echo "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx512m -XX:MaxDirectMemorySize=512m -Dio.netty.allocator.type=pooled -Dslf4j.internal.verbosity=ERROR -Dfile.encoding=UTF-8" ;;
    # Done in a moment: the second compiler would only cost.
    command) echo "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx512m -Dfile.encoding=UTF-8" ;;
    # A million calls and what they left, in memory.
    check) echo "$common $packet_pools -Xmx4g" ;;
    *) echo "$common $packet_pools -Xmx1g" ;;
  esac
}

# All jars, in a fixed order: the servers' class-data archive is bound to it.
server_class_path() {
  local cp= jar LC_ALL=C
  for jar in "$CAIRN_LIB"/*.jar; do cp=$cp${cp:+:}$jar; done
  echo "$cp"
}

# share_flags ARCHIVE: to start from a class-data archive, or to make it (CAIRN_MAKE_ARCHIVE); sets share.
share_flags() {
  share=()
  if [ -n "${CAIRN_MAKE_ARCHIVE:-}" ]; then
    share=("-XX:ArchiveClassesAtExit=$CAIRN_MAKE_ARCHIVE" -Xlog:cds=off -Xlog:cds+dynamic=off)
  elif [ -e "$1" ]; then
    share=("-XX:SharedArchiveFile=$1" -Xlog:cds=off -Xlog:cds+dynamic=off)
  fi
}

# The jars of the shell, in a fixed order: few, for a quick start, and the class-data archive is bound to them.
shell_class_path() {
  local cp= name jar
  for name in cairn-shell cairn-client cairn-rpc cairn-common netty protobuf-java config guava failureaccess jackson picocli slf4j-api; do
    for jar in "$CAIRN_LIB/$name"-[0-9]*.jar "$CAIRN_LIB/$name"-*-[0-9]*.jar; do
      if [ -e "$jar" ]; then cp=$cp${cp:+:}$jar; fi
    done
  done
  echo "$cp"
}
