#!/bin/sh
# The only list of Debian packages: used by developers, CI and the package.
# usage: deps.sh GROUP...   groups: run build test bench
# Installs what is missing; does nothing (and needs no root) when all is there.
set -eu
group() {
  case $1 in
  run)   echo libmicrohttpd12 libgnutls30 libsqlite3-0 libssl3 libsodium23 libjansson4 libyaml-0-2 libseccomp2 \
              libzstd1 liboath0 libqrencode4 libunistring2 tzdata ca-certificates \
              libvectorscan5 \
              zlib1g libexpat1 libdeflate0 libspng0 libjpeg62-turbo libwebp7 libwebpdemux2 libtiff6 libgif7 libgmime-3.0-0 libpoppler-glib8 libcairo2 libfreetype6 poppler-data fonts-noto-cjk ;;
  build) echo gcc make pkg-config libc6-dev linux-libc-dev libmicrohttpd-dev libgnutls28-dev libsqlite3-dev libssl-dev \
              libsodium-dev libjansson-dev libyaml-dev libseccomp-dev libzstd-dev liboath-dev libqrencode-dev libunistring-dev gettext \
              libvectorscan-dev \
              zlib1g-dev libexpat1-dev libdeflate-dev libspng-dev libjpeg-dev libwebp-dev libtiff-dev libgif-dev libgmime-3.0-dev libpoppler-glib-dev libcairo2-dev libfontconfig-dev libfreetype-dev ;;
  test)  echo libcmocka-dev curl jq sqlite3 openssl zstd oathtool python3 python3-yaml python3-jsonschema python3-regex strace procps iproute2 nftables iputils-ping \
              chromium fonts-noto-cjk nodejs npm clang clang-tidy cppcheck shellcheck libclang-rt-14-dev \
              rsyslog rsyslog-relp rsyslog-gnutls systemd-journal-remote \
              zip p7zip-full poppler-utils qpdf clamav-daemon libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui imagemagick webp libtiff-tools ;;
  bench) echo rsyslog libivykis0 libnet1 libwrap0 libjson-c5 wrk zstd linux-perf sqlite3 jq img2pdf mat2 time ripgrep ;;
  *) echo "deps.sh: unknown group '$1' (run build test bench)" >&2; exit 2 ;;
  esac
}
[ $# -gt 0 ] || set -- run build
want=
for g in "$@"; do want="$want $(group "$g")"; done
missing=
for p in $want; do
  # A command that is there by another way (node from elsewhere, say) counts.
  case $p in nodejs) command -v node >/dev/null && continue ;; npm) command -v npm >/dev/null && continue ;; esac
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "deps.sh: installing$missing" >&2
sudo=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "deps.sh: these packages are missing and neither root nor sudo is there:$missing" >&2; exit 3; }
  sudo=sudo
fi
$sudo apt-get update -q >&2
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends $missing >&2
