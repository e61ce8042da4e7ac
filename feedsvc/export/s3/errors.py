"""What object storage refuses, told to whoever can mend it. A part of the room of botocore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as NoConnection

_CREDENTIALS: Final = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_RIGHTS: Final = "s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix"
_REFUSED: Final = "{address}: access is denied ({operation}); allow these credentials {rights}"
_UNKNOWN: Final = (
    "{address}: the credentials are not accepted ({code}); {credentials} to those of an account that may write there"
)
_ELSEWHERE: Final = "{address}: the bucket lies in another region ({code}); set AWS_DEFAULT_REGION to its own"
_MISSING: Final = "{address}: there is no such bucket{at}; make it, or mend its name"
_INVALID: Final = "{address}: no bucket can have this name; mend it"

# By the code that the storage answers with; HEAD requests are answered with a status alone.
_SENTENCES: Final[Mapping[str, str]] = {
    "NoSuchBucket": _MISSING,
    "InvalidBucketName": _INVALID,
    "AccessDenied": _REFUSED,
    "AllAccessDisabled": _REFUSED,
    "403": _REFUSED,
    "InvalidAccessKeyId": _UNKNOWN,
    "SignatureDoesNotMatch": _UNKNOWN,
    "ExpiredToken": _UNKNOWN,
    "InvalidToken": _UNKNOWN,
    "PermanentRedirect": _ELSEWHERE,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "IllegalLocationConstraintException": _ELSEWHERE,
    "301": _ELSEWHERE,
}
_OTHER: Final = "{address}: {operation} failed ({code}: {message})"
_NO_ENDPOINT: Final = (
    "{address}: the storage's address cannot be understood ({error}); "
    "write AWS_ENDPOINT_URL (or endpoint_url in a configuration) like https://storage.example"
)
# By the kind of error, where nothing was answered.
_KINDS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    ((NoCredentialsError, PartialCredentialsError), "{address}: there are no credentials; {credentials}"),
    (CredentialRetrievalError, "{address}: the credentials cannot be had ({error})"),
    (ProfileNotFound, "{address}: {error}; mend AWS_PROFILE"),
    (InvalidRegionError, "{address}: {error}; mend AWS_DEFAULT_REGION"),
    (
        (HTTPClientError, NoConnection),
        "{address}: the storage{at} cannot be reached; look at AWS_ENDPOINT_URL and the network",
    ),
)


def reason(error: Exception, address: str, endpoint: str) -> str:
    """One sentence; `endpoint` is "" where it is not known."""
    facts = {"address": address, "at": f" at {endpoint}" if endpoint else "", "rights": _RIGHTS, "credentials": _CREDENTIALS}
    # s3fs makes an OSError of what was answered.
    answered = error if isinstance(error, ClientError) else error.__cause__
    if isinstance(answered, ClientError):
        said = answered.response.get("Error", {})
        code = str(said.get("Code", ""))
        sentence = _SENTENCES.get(code, _OTHER)
        return sentence.format(**facts, code=code, message=said.get("Message", ""), operation=answered.operation_name)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be read ({error.strerror}); build again"
    sentence = next((sentence for kind, sentence in _KINDS if isinstance(error, kind)), "{address}: {error}")
    sentence = _NO_ENDPOINT if _is_of_endpoint(error, endpoint) else sentence
    return sentence.format(**facts, error=str(error).rstrip("."))


def _is_of_endpoint(error: Exception, endpoint: str) -> bool:
    """Before there is a client, only an address that urllib or botocore cannot read ends in a bare ValueError."""
    return (type(error) is ValueError and not endpoint) or str(error).startswith("Custom endpoint")
