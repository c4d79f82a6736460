"""The configuration of the nginx in front: pure text, made from the routes that it may serve by itself.

nginx sends a request straight to its service only if everything about it is plain: a pass that holds, a route that it
knows, no token, no WebSocket, no other origin, no odd path. All else goes to the embedded gateway, which decides,
speaks to people, and gives out passes. So there is one place for every rule, and nothing here that could be looser.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from zoe.gateway.activity import HABITS

COOKIE = "zoe-pass"
PEER = "X-Zoe-Peer"
FAILED = "X-Zoe-Failed"


@dataclass(frozen=True, slots=True)
class DirectRoute:
    """A target that nginx dials by itself."""

    key: str
    prefix: str
    host: str
    port: int
    keeps_prefix: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A target as the services of its execution name it: links to it lead to `prefix`."""

    name: str
    number: int
    prefix: str


@dataclass(frozen=True, slots=True)
class Front:
    """What does not change from one configuration to the next, but for the secret."""

    directory: Path
    host: str
    port: int
    embedded_port: int
    log_port: int
    user: str | None
    connect_timeout: float
    scheme: str
    domain: str | None
    workers: int
    secret: str = field(repr=False)


_STRIP = r'"~^(?<b{n}>.*?)(?:^|;)\s*zoe(?:-[^=;\s]*)?=[^;]*(?<a{n}>.*)$" "$b{n}$a{n}";'
_TEXT = r"""
daemon off;
pid {directory}/nginx.pid;
error_log stderr warn;
worker_processes {workers};
worker_rlimit_nofile 65536;
worker_shutdown_timeout 1h;
{user}
events {{ worker_connections 16384; }}
http {{
  access_log off;
  log_format zoe_work "{secret} $zoe_execution";
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  map_hash_bucket_size 512;
  map_hash_max_size 65536;
  variables_hash_max_size 2048;
  server_tokens off;
  merge_slashes off;
  underscores_in_headers on;
  ignore_invalid_headers off;
  large_client_header_buffers 8 32k;
  client_max_body_size 0;
  keepalive_timeout 75s;
  keepalive_requests 100000;
  tcp_nodelay on;

  map $request_uri $zoe_route {{ default ""; "~^(?<route>/[1-9][0-9]*/[^/?]+/[^/?]+)(?:[/?]|$)" $route; }}
  map $request_uri $zoe_execution {{ default 0; "~^/(?<execution>[1-9][0-9]*)/" $execution; }}
  map $request_uri $zoe_odd {{ default ""; "~*^[^?]*/(?:\.|%2e){{1,2}}(?:[/?]|$)" odd; "~[^\x21-\x7e]" odd; "~#" odd; }}
  map $http_cookie $zoe_pass {{ default ""; "~(?:^|;)\s*{cookie}=(?<pass>[A-Za-z0-9_.-]+)" $pass; }}
  map $zoe_pass $zoe_seal {{ default ""; "~^(?<seal>[A-Za-z0-9_-]+)\.[0-9]+$" $seal; }}
  map $zoe_pass $zoe_until {{ default ""; "~^[A-Za-z0-9_-]+\.(?<until>[0-9]+)$" $until; }}
  map $http_cookie $zoe_rest1 {{ default $http_cookie; {strip1} }}
  map $zoe_rest1 $zoe_rest2 {{ default $zoe_rest1; {strip2} }}
  map $zoe_rest2 $zoe_rest3 {{ default $zoe_rest2; {strip3} }}
  map $zoe_rest3 $zoe_cookies {{ default $zoe_rest3; "~^[;\s]+(?<cookies>.*)$" $cookies; }}
  map $zoe_rest3 $zoe_more_cookies {{ default ""; "~(?:^|;)\s*zoe(?:-[^=;\s]*)?=" more; }}
  map $http_authorization $zoe_token {{ default ""; "~*^\s*bearer" token; }}
  map $http_upgrade $zoe_upgrade {{ default upgrade; "" ""; }}
  map "$http_host $http_origin" $zoe_elsewhere {{
    default elsewhere; "~^\S* $" ""; "~*^(?<here>\S+) https?://\k<here>$" "";
  }}
  map "$zoe_execution $host" $zoe_stranger {{ {stranger} }}
  map $zoe_route $zoe_known {{ default ""; {known} }}
  map $zoe_known $zoe_keeps {{ default 0; {keeps} }}
  map "$zoe_keeps$request_uri" $zoe_direct_path {{
    default ""; "~^1(?<kept>.*)$" $kept; "~^0/[^/]+/[^/]+/[^/?]+(?<rest>/.*)$" $rest;
  }}
  map "$secure_link$zoe_odd$zoe_more_cookies$zoe_token$zoe_upgrade$zoe_elsewhere$zoe_stranger" $zoe_plain {{
    default ""; "1" plain;
  }}
  map "$zoe_plain $zoe_known $zoe_direct_path" $zoe_to {{ default embedded; "~^plain (?<known>\S+) /" $known; }}
  map $zoe_keeps $zoe_context {{ default $zoe_route; 1 ""; }}
  map $http_upgrade $zoe_connection {{ default upgrade; "" ""; }}
  map "$request_method $request_uri" $zoe_habit {{ default ""; "~{habits}" habit; }}
  map "$zoe_habit$zoe_to $request_method $http_sec_fetch_mode $http_accept" $zoe_work {{
    default 0; "~^habit" 0; "~^embedded " 0;
    "~^\S+ (?!GET |HEAD |OPTIONS )" 1; "~^\S+ \S+ navigate " 1; "~^\S+ \S+  .*text/html" 1;
  }}
  map $request_method $zoe_unsafe {{ default 1; GET ""; HEAD ""; OPTIONS ""; }}
  map "$http_host $zoe_route $upstream_http_location" $zoe_location {{
    "~^\S* \S* $" "";
    "~^\S* (?<own>\S+) (?<under>\k<own>(?:[/?].*)?)$" $under;
    "~^\S* (?<base>\S+) (?<path>/(?![/\x5c]).*)$" $base$path;
    "~*^(?<name>\S+) (?<home>\S+) https?://\k<name>(?<page>/.*)?$" $home$page;
{neighbours}
    default $upstream_http_location;
  }}

  map $upstream_http_service_worker_allowed $zoe_workers {{ default $zoe_route/; "" ""; }}

  upstream embedded {{ server 127.0.0.1:{embedded_port}; keepalive 64; keepalive_requests 100000; }}
{upstreams}
  server {{
    listen {listen} backlog=1024;
    secure_link $zoe_seal,$zoe_until;
    secure_link_md5 "{secret} $secure_link_expires $zoe_execution {secret}";
    access_log syslog:server=127.0.0.1:{log_port},nohostname zoe_work if=$zoe_work;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_request_buffering off;
    proxy_connect_timeout {connect_timeout}s;
    proxy_read_timeout 7d;
    proxy_send_timeout 7d;
    proxy_buffer_size 64k;
    proxy_buffers 8 32k;
    proxy_busy_buffers_size 64k;
    proxy_next_upstream off;
    location / {{
      error_page 418 = @embedded;
      if ($zoe_to = embedded) {{ return 418; }}
      error_page 502 504 = @words;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header Cookie $zoe_cookies;
      proxy_set_header {peer} "";
      proxy_set_header {failed} "";
      proxy_set_header Forwarded "";
      proxy_set_header Proxy-Authorization "";
      proxy_set_header X-Real-IP "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto {scheme};
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port "";
      proxy_set_header X-Forwarded-Prefix $zoe_context;
      proxy_set_header X-Forwarded-Context $zoe_context;
      proxy_hide_header Location;
      add_header Location $zoe_location always;
      proxy_hide_header Clear-Site-Data;
      proxy_hide_header Service-Worker-Allowed;
      add_header Service-Worker-Allowed $zoe_workers always;
      proxy_cookie_domain ~. "";
      proxy_cookie_path ~. $zoe_route/;
      proxy_pass http://$zoe_to$zoe_direct_path;
    }}
    location @embedded {{
{to_embedded}
      proxy_set_header Connection $zoe_connection;
      proxy_set_header Upgrade $http_upgrade;
    }}
    location @words {{
{to_embedded}
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_set_header {failed} $zoe_unsafe;
    }}
  }}
}}
"""


_TO_EMBEDDED = """      proxy_pass http://embedded$request_uri;
      proxy_set_header Host $http_host;
      proxy_set_header {peer} "{secret} $remote_addr";"""


def config(front: Front, routes: Iterable[DirectRoute], neighbours: Iterable[Neighbour] = ()) -> str:
    """Return the whole configuration."""
    known = list(routes)
    return _TEXT.format(
        directory=front.directory,
        workers=front.workers,
        user=f"user {front.user};" if front.user else "",
        cookie=COOKIE,
        peer=PEER,
        failed=FAILED,
        habits=HABITS,
        to_embedded=_TO_EMBEDDED.format(peer=PEER, secret=front.secret),
        secret=front.secret,
        scheme=front.scheme,
        strip1=_STRIP.format(n=1),
        strip2=_STRIP.format(n=2),
        strip3=_STRIP.format(n=3),
        stranger=_stranger(front.domain),
        known=" ".join(f'"{one.prefix}" {one.key};' for one in known),
        keeps=" ".join(f"{one.key} 1;" for one in known if one.keeps_prefix),
        neighbours="\n".join(_neighbour(number, one) for number, one in enumerate(neighbours)),
        upstreams="\n".join(_upstream(one) for one in known),
        embedded_port=front.embedded_port,
        log_port=front.log_port,
        listen=f"[{front.host}]:{front.port}" if ":" in front.host else f"{front.host}:{front.port}",
        connect_timeout=f"{front.connect_timeout:g}",
    )


def _stranger(domain: str | None) -> str:
    if domain is None:
        return 'default "";'
    return f'default stranger; "~^(?<whose>[0-9]+) \\k<whose>\\.{re.escape(domain)}$" "";'


def _quoted(text: str) -> str:
    """Return a text as a regular expression that means just this, in nginx's quotes."""
    return re.escape(text).replace('"', '\\"')


def _neighbour(count: int, one: Neighbour) -> str:
    execution = one.prefix.split("/", 2)[1]
    port = "(?::80)?" if one.number == 80 else f":{one.number}"
    found = f"~*^\\S* /{execution}/\\S+ https?://{_quoted(one.name)}{port}(?<on{count}>/.*)?$"
    return f'    "{found}" "{one.prefix}$on{count}";'


def _upstream(one: DirectRoute) -> str:
    host = f"[{one.host}]" if ":" in one.host else one.host
    return f"  upstream {one.key} {{ server {host}:{one.port} max_fails=0; keepalive 16; keepalive_requests 100000; }}"
