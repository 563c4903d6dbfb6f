"""
The `Caddyfile` of the gateway. Pure: settings go in, text comes out.

Nothing of a stack gets into it but host names, an e-mail address and numbers, each held to a pattern in `document`:
Caddy would read `{env.X}` and `{file./x}` in any other text. Facts are those of Caddy 2.11.7, tried with it.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from components.llm.gateway.document import GatewaySettings, Tls
from components.llm.gateway.places import (
    CADDYFILE,
    CERTIFICATE,
    ENGINE_KEY,
    FORMER_TOKENS,
    KEY,
    PLACE,
    PRIVATE_TOKEN,
    TOKEN,
)

STORAGE_VOLUME, STORAGE_FOLDER = "/var/lib/trugen-llm", "caddy"
STORAGE = f"{STORAGE_VOLUME}/{STORAGE_FOLDER}"
"""
Where Caddy keeps certificates it got or made itself. A folder below the mount: an archive cannot give the root of a
volume to the user that Caddy runs as.
"""
SCRATCH = "/tmp/caddy"  # noqa: S108 - the container's own, in memory
"""Where it notes its housekeeping when there are none of those."""
ADMIN = "unix//tmp/caddy-admin.sock"
RUN = ("caddy", "run", "--config", f"{PLACE}/{CADDYFILE}")
RELOAD = ("caddy", "reload", "--force", "--config", f"{PLACE}/{CADDYFILE}", "--address", ADMIN)
"""Forced: Caddy skips a reload of the same text, even when the certificate that the text names is another."""
PLAIN_PORT, TLS_PORT, PRIVATE_PORT, METRICS_PORT = 8080, 8443, 8081, 9180
METRICS_HOST = "gateway-private"
"""An alias on the private network only, which Caddy looks up when it starts: metrics are nowhere else."""
_LOCAL = ("127.0.0.1", "localhost")


def caddyfile(gateway: GatewaySettings, public_url: str | None) -> str:
    """What Caddy is told, with the files it reads for each request under `PLACE`."""
    public = _PUBLIC % {
        "guard": _guard(_hosts(gateway, public_url), TOKEN, *FORMER_TOKENS),
        "max_body": int(gateway.max_body),
        "max_concurrent": gateway.max_concurrent,
        "hsts": _HSTS if gateway.tls else "",
    }
    private = _PRIVATE % {"guard": _guard(_LOCAL, PRIVATE_TOKEN)}
    parts = [_options(gateway.tls), _ERRORS, _UPSTREAM % {"place": PLACE, "key": ENGINE_KEY}, public]
    if gateway.tls:
        parts.append(_tls_door(gateway.tls))
    if gateway.tls is None or gateway.tunnel:
        parts.append(_PLAIN_DOOR)
    return "\n".join([*parts, private, _METRICS % {"host": METRICS_HOST}])


def _hosts(gateway: GatewaySettings, public_url: str | None) -> list[str]:
    """Every `Host` the public door answers to, without repeats."""
    named = [urlsplit(public_url).hostname if public_url else None]
    named += [part.hostname for part in (gateway.tls, gateway.tunnel) if part]
    if not ipaddress.ip_address(gateway.binds).is_unspecified:
        named.append(gateway.binds)
    return list(dict.fromkeys(host for host in (*named, *gateway.hosts, *_LOCAL) if host))


def _guard(hosts: Iterable[str], *files: str) -> str:
    """What every request has to pass first: meant for one of *hosts*, and with the token in one of *files*."""
    return _GUARD % {"hosts": " ".join(hosts), "known": _known(*files)}


def _known(*files: str) -> str:
    """
    A matcher for one `Authorization` line with the content of one of *files*.

    `vars` and not `header`, which takes one right line among several for right and `*` at an end for any text. The
    pattern refuses what an empty or missing file would let in: HTTP/2 does not trim `Bearer `.
    """
    values = " ".join(f'"Bearer {{file.{PLACE}/{file}}}"' for file in files)
    line = "{http.request.header.Authorization}"
    return f'vars {line} {values}\n\t\t\tvars_regexp {line} "^Bearer [0-9A-Za-z._~+/=-]+$"'


def _options(tls: Tls | None) -> str:
    # Callers that give an address instead of a name send no SNI.
    extra = f"\tdefault_sni {tls.hostname}\n\thttps_port {TLS_PORT}\n\tskip_install_trust\n" if tls else ""
    storage = STORAGE if tls and not tls.by_files else SCRATCH
    return _OPTIONS % {"admin": ADMIN, "storage": storage, "tls": extra}


def _tls_door(tls: Tls) -> str:
    if tls.by_files:
        return f":{TLS_PORT} {{\n\ttls {PLACE}/{CERTIFICATE} {PLACE}/{KEY}\n\timport public\n}}\n"
    issuer = _ACME % {"email": tls.acme_email} if tls.by_acme else "\ttls internal\n"
    # The second site answers what comes for another host: without it Caddy says 200 and nothing.
    return (
        f"https://{tls.hostname}:{TLS_PORT} {{\n{issuer}\timport public\n}}\n\n"
        f"https://:{TLS_PORT} {{\n\timport public\n}}\n"
    )


# `read_body_idle`, by default a minute, must be off where `read_body` is set: when either ends Caddy takes away every
# limit, and Go waits without one for the rest of the body. The private door carries weights files of any size.
_OPTIONS = """\
{
	admin %(admin)s
	persist_config off
	auto_https disable_redirects
	storage file_system %(storage)s
	grace_period 1h
	metrics
	log {
		output stdout
		format filter {
			wrap json
			fields {
				request>headers delete
				request>remote_port delete
				request>client_ip delete
				request>tls delete
				request>uri regexp "[?].*" ""
				resp_headers delete
				user_id delete
			}
		}
	}
	servers :8081 {
		protocols h1
		timeouts {
			read_header 10s
			idle 2m
		}
	}
	servers {
		protocols h1 h2
		max_header_size 16KiB
		timeouts {
			read_header 10s
			read_body 60s
			read_body_idle -1s
			idle 2m
		}
	}
%(tls)s}
"""

# The shape is that of OpenAI's own errors (openai/openai-openapi, schema `Error`). A 503 reaches this place only from
# Caddy itself, when `unhealthy_request_count` is reached: an engine's own is passed on as it is.
_ERRORS = """\
(errors) {
	handle_errors {
		map {err.status_code} {status} {type} {code} {words} {
			401 401 invalid_request_error invalid_api_key "The bearer token is missing or wrong."
			404 404 invalid_request_error not_found "There is no such route; see POST /v1/chat/completions."
			413 413 invalid_request_error request_too_large "The request body is too large."
			421 421 invalid_request_error misdirected_request "This server does not answer to that Host."
			502 502 server_error bad_gateway "The model server cannot be reached."
			503 429 rate_limit_error too_many_requests "Too many requests are being answered; try again in a second."
			504 504 server_error gateway_timeout "The model server cannot be reached in time."
			default {err.status_code} server_error gateway_error "The gateway failed."
		}
		@unauthorized expression {err.status_code} == 401
		header @unauthorized WWW-Authenticate Bearer
		@full expression {err.status_code} == 503
		header @full Retry-After 1
		header Content-Type application/json
		respond `{"error":{"message":"{words}","type":"{type}","param":null,"code":"{code}"}}` {status}
	}
}
"""

# No connection is kept: one that the other side closes at that moment costs the request, which cannot be sent twice.
_UPSTREAM = """\
(upstream) {
	header_up Authorization "Bearer {file.%(place)s/%(key)s}"
	header_up -Accept-Encoding
	flush_interval -1
	transport http {
		compression off
		keepalive off
		dial_timeout 5s
	}
}

(relayed) {
	import upstream
	header_up Trugen-Routes {file.%(place)s/routes.json}
}
"""

_HSTS = '\theader Strict-Transport-Security "max-age=31536000"\n'

_GUARD = """\
		@misdirected not host %(hosts)s
		error @misdirected 421
		@stranger not {
			%(known)s
		}
		error @stranger 401
"""

_PUBLIC = """\
(public) {
	log
	import errors
%(hsts)s	request_body {
		max_size %(max_body)d
	}
	route {
%(guard)s		@served expression {method} + " " + {path} in ["POST /v1/chat/completions", "GET /v1/models"]
		reverse_proxy @served relay:8090 {
			import relayed
			unhealthy_request_count %(max_concurrent)d
		}
		error 404
	}
}
"""

_PLAIN_DOOR = """\
http://:8080 {
	import public
}
"""

# On one port there is no second one for the HTTP challenge.
_ACME = """\
	tls {
		issuer acme {
			email %(email)s
			disable_http_challenge
		}
	}
"""

_PRIVATE = """\
http://:8081 {
	log
	import errors
	route {
%(guard)s		@engine vars_regexp engine {http.request.uri} ^/engine-(a|b)/([1-9][0-9]{0,4})/
		route @engine {
			uri strip_prefix /engine-{re.engine.1}/{re.engine.2}
			reverse_proxy engine-{re.engine.1}:{re.engine.2} {
				import upstream
				header_up -Trugen-Routes
			}
		}
		@relay path /relay/*
		route @relay {
			uri strip_prefix /relay
			reverse_proxy relay:8090 {
				import relayed
			}
		}
		error 404
	}
}
"""

_METRICS = """\
http://:9180 {
	bind %(host)s
	import errors
	route {
		respond /healthz 200
		metrics /metrics
		error 404
	}
}
"""
