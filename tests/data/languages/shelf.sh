#!/usr/bin/env bash
# Keeps books on shelves, and tells which of them are due.
set -euo pipefail

LOAN_DAYS=28 # as the house rules say
NOTE="# no comment"

die() {
  local message="$1"
  echo "error: ${message}" >&2
  exit 1
}

usage() {
  cat <<EOF
# Not a comment: the first line of the help.
shelf.sh put TITLE | take TITLE | overdue
EOF
  echo "${NOTE}"
}

function shelf_file() {
  local name="${1:-default}"
  echo "${HOME}/.shelves/${name}.txt"
}

put() {
  local title="$1" file
  file="$(shelf_file)"
  # A title stands on the shelf once.
  if grep -q "^${title}|" "${file}"; then
    die "${title} is there already"
  fi
  echo "${title}|" >>"${file}"
}

take() {
  local title="$1" day file
  day="$(date +%s)"
  file="$(shelf_file)"
  while IFS='|' read -r known lent; do
    if [[ "${known}" == "${title}" && -z "${lent}" ]]; then
      sed -i "s/^${title}|/&${day}/" "${file}"
      return 0
    fi
  done <"${file}"
  die "no ${title} on the shelf"
}

due_on() {
  local lent="$1"
  if [ -z "${lent}" ]; then
    date +%s
    return
  fi
  echo $((lent + LOAN_DAYS * 86400))
}

overdue() {
  local today due
  today="$(date +%s)"
  while IFS='|' read -r title lent; do
    due="$(due_on "${lent}")"
    if ((due < today)); then
      printf '%s is late\n' "${title}"
    fi
  done <"$(shelf_file)"
}

main() {
  local command="${1:-help}"
  shift || true
  case "${command}" in
    put) put "$@" ;;
    take) take "$@" ;;
    overdue) overdue ;;
    *) usage ;;
  esac
}

main "$@"
