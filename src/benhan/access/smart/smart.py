"""The authorization server of one store: its parts, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benhan.access.cares import Cares
from benhan.access.smart.client_keys import ClientKeys
from benhan.access.smart.clients import Clients
from benhan.access.smart.grants import Grants
from benhan.access.smart.identity import ALGORITHM, Identity
from benhan.access.smart.launches import Launches
from benhan.access.smart.proofs import ALGORITHMS, Proofs
from benhan.access.smart.scopes import WORDS
from benhan.kernel.settings import Settings
from benhan.store.store import Store
from benhan.transports.key_fetch import KeyFetch

Json = dict[str, Any]

CAPABILITIES = (
    "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "context-banner",
    "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient", "launch-ehr", "launch-standalone",
    "permission-offline", "permission-online", "permission-patient", "permission-user", "permission-v1",
    "permission-v2", "sso-openid-connect",
)  # fmt: skip
"""Source: SMART App Launch 2.2, conformance.html#capability-sets."""


@dataclass(frozen=True, slots=True)
class Smart:
    """The parts of an authorization server."""

    store: Store
    clients: Clients
    grants: Grants
    proofs: Proofs
    launches: Launches
    identity: Identity
    issuer: str

    @property
    def fhir_url(self) -> str:
        return f"{self.issuer}/fhir"

    def configuration(self) -> Json:
        """What `.well-known/smart-configuration` says. Source: SMART App Launch 2.2, conformance.html."""
        at = f"{self.issuer}/oauth"
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{at}/jwks",
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "introspection_endpoint": f"{at}/introspect",
            "revocation_endpoint": f"{at}/revoke",
            "management_endpoint": f"{self.issuer}/account/apps",
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "response_types_supported": ["code"],
            "scopes_supported": [*WORDS, "patient/*.rs", "user/*.cruds", "system/*.cruds"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "capabilities": list(CAPABILITIES),
        }

    def openid_configuration(self) -> Json:
        """What `.well-known/openid-configuration` says. Source: OpenID Connect Discovery 1.0, 3."""
        return {
            **self.configuration(),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "claims_supported": ["iss", "sub", "aud", "iat", "exp", "nonce", "fhirUser"],
        }

    def security(self) -> Json:
        """CapabilityStatement.rest.security. Source: SMART App Launch 2.2, conformance.html; 1.0 for the extension."""
        told = self.configuration()
        ends = {"authorize": "authorization", "token": "token", "revoke": "revocation", "introspect": "introspection"}
        return {
            "cors": True,
            "service": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                            "code": "SMART-on-FHIR",
                        }
                    ],
                    "text": "OAuth 2.0, SMART App Launch 2.2",
                }
            ],
            "extension": [
                {
                    "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                    "extension": [{"url": name, "valueUri": told[f"{end}_endpoint"]} for name, end in ends.items()],
                }
            ],
        }


def build_smart(store: Store, settings: Settings, cares: Cares | None = None) -> Smart:
    """The authorization server of a store at the address of its role."""
    database, clock, random, issuer = store.database, store.clock, store.random, settings.base_url
    clients = Clients(database, clock, random)
    hosts = [host for each in settings.app_hosts.split(",") if (host := each.strip())]
    keys = ClientKeys(KeyFetch(hosts), clock)
    return Smart(
        store,
        clients,
        Grants(
            database,
            clock,
            random,
            access_s=settings.app_token_life_s,
            refresh_s=settings.app_refresh_life_s,
            idle_s=settings.session_idle_s,
            cares=cares,
        ),
        Proofs(database, clients, keys, clock, f"{issuer}/oauth/token"),
        Launches(database, clock, random),
        Identity(store.keyring.derived("id-token"), issuer),
        issuer,
    )
