# Completion for cairn and dfs. In ~/.bashrc: source /path/to/cairn/bin/completion/cairn-completion.bash

_cairn_words="admin archive bench chaos check-history dataserver dfs ec format fsck fuzz help local metaserver mount quickstart simulate storagepolicies umount version"
_cairn_dfs_words="appendToFile cat checksum chgrp chmod chown concat copyFromLocal copyToLocal count cp df du dus expunge find get getfacl getfattr \
getmerge head help ln lock locks ls lsr mkdir moveFromLocal moveToLocal mv put recoverLease rm rmdir rmr setfacl setfattr setrep stat tail test truncate \
text touch touchz usage"

# Sets COMPREPLY for the words of the shell; $1 = how many words stand before the command.
_cairn_complete_dfs() {
  local current="${COMP_WORDS[COMP_CWORD]}" at=$(($1)) word
  while [ "$at" -lt "$COMP_CWORD" ]; do
    case "${COMP_WORDS[at]}" in
      -fs | --fs | -D | --conf | -conf) at=$((at + 2)) ;;
      *) break ;;
    esac
  done
  if [ "$at" -gt "$COMP_CWORD" ]; then
    # The value of a generic option.
    case "${COMP_WORDS[COMP_CWORD - 1]}" in
      --conf | -conf) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      *) COMPREPLY=() ;;
    esac
    return
  fi
  if [ "$at" -eq "$COMP_CWORD" ]; then
    case "$current" in
      -*) mapfile -t COMPREPLY < <(compgen -P - -W "$_cairn_dfs_words" -- "${current#-}"
            compgen -W "-fs -D --conf --help --version" -- "$current") ;;
      *) mapfile -t COMPREPLY < <(compgen -W "$_cairn_dfs_words" -- "$current") ;;
    esac
    return
  fi
  word=${COMP_WORDS[at]#-}
  case "$word" in
    help | usage) mapfile -t COMPREPLY < <(compgen -W "$_cairn_dfs_words" -- "$current") ;;
    put | copyFromLocal | moveFromLocal | get | copyToLocal | moveToLocal | getmerge)
      mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    *) COMPREPLY=() ;;
  esac
}

_dfs() {
  _cairn_complete_dfs 1
}

_cairn() {
  local current="${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "$_cairn_words --help --version" -- "$current")
    return
  fi
  case "${COMP_WORDS[1]}" in
    dfs) _cairn_complete_dfs 2 ;;
    help) mapfile -t COMPREPLY < <(compgen -W "$_cairn_words" -- "$current") ;;
    mount) mapfile -t COMPREPLY < <(compgen -W "-f -o --binding --log --status -fs -D --conf --help" -- "$current"; compgen -d -- "$current") ;;
    umount) mapfile -t COMPREPLY < <(compgen -W "-l --lazy --help" -- "$current"; compgen -d -- "$current") ;;
    admin)
      if [[ " ${COMP_WORDS[*]:2:COMP_CWORD-2} " == *" metaserver "* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "list add remove transfer --json --learner --force --help" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W "report servers ring why drain out in scrub reconcile metaserver metrics log-level -fs -D --conf --json --help" -- "$current")
      fi ;;
    ec) mapfile -t COMPREPLY < <(compgen -W "-listPolicies -getPolicy -setPolicy -unsetPolicy -enablePolicy -disablePolicy -path -policy -replicate -fs -D --conf -help" -- "$current") ;;
    storagepolicies) mapfile -t COMPREPLY < <(compgen -W "-listPolicies -setStoragePolicy -getStoragePolicy -unsetStoragePolicy -satisfyStoragePolicy -path -policy -fs -D --conf -help" -- "$current") ;;
    fsck) mapfile -t COMPREPLY < <(compgen -W "-files -blocks -locations --json -fs -D --conf --help" -- "$current") ;;
    local) mapfile -t COMPREPLY < <(compgen -W "start stop status kill restart logs destroy --dir --metaservers --dataservers --processes --json --help" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
  esac
}

complete -F _cairn cairn bin/cairn
complete -F _dfs dfs bin/dfs
