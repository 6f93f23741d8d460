# Sourced: serve_value starts nginx with one fixed reply and sets `url`; serve_value ssl and serve_value "ssl http2" do so
# with a certificate, which is its own authority, in the file `ca`; compare_get BASELINE BAR OURS... -- BASELINE...
# runs both alternately and takes the least of seven runs. Each command prints microseconds of CPU.

serve_value() {
  local work port scheme=http certificate=
  work=$(mktemp -d)
  port=$(node -e 'const s = require("net").createServer();
    s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
  if [ $# != 0 ]; then
    ca=$work/certificate.pem
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
      -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$ca" 2>"$work/output"
    scheme=https certificate="ssl_certificate $ca; ssl_certificate_key $work/key.pem;"
  fi
  cat >"$work/nginx.conf" <<EOF
pid $work/pid; error_log $work/error.log; worker_processes 1;
events { worker_connections 256; }
http {
  access_log off; default_type application/octet-stream; keepalive_requests 100000000;
  client_body_temp_path $work/1; proxy_temp_path $work/2; fastcgi_temp_path $work/3; uwsgi_temp_path $work/4;
  scgi_temp_path $work/5;
  http2_max_requests 100000000; http2_max_concurrent_streams 128;
  server { listen 127.0.0.1:$port $*; $certificate location / { return 200 '{"theme":"dark","size":12,"language":"en"}'; } }
}
EOF
  # nginx goes to the background once it listens. Debian installs it in /usr/sbin, which only root's PATH names.
  PATH=$PATH:/usr/sbin nginx -c "$work/nginx.conf" 2>"$work/output" || { cat "$work/output" >&2; return 1; }
  # shellcheck disable=SC2064  # $work must expand now
  trap "kill \$(cat '$work/pid'); rm -rf '$work'" EXIT
  url=$scheme://127.0.0.1:$port/client/v4
}

least() { sort -g "$1" | head -n 1; }

compare_get() {
  local baseline=$1 bar=$2 results ours=() theirs=() i
  shift 2
  while [ "$1" != -- ]; do ours+=("$1"); shift; done
  shift
  theirs=("$@")
  results=$(mktemp -d)
  for i in 1 2 3 4 5 6 7; do
    "${ours[@]}" >>"$results/ours"
    "${theirs[@]}" >>"$results/theirs"
  done
  echo "$baseline $(least "$results/ours") $(least "$results/theirs") us $bar"
  rm -rf "$results"
}
