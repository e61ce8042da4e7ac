"""Error messages of object storage, for operators. botocore is imported only here and in client.py."""

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
_PERMISSIONS: Final = "s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix"
_ACCESS_DENIED: Final = "{address}: access is denied ({operation}); allow these credentials {rights}"
_INVALID_CREDENTIALS: Final = (
    "{address}: the credentials are not accepted ({code}); {credentials} to those of an account that may write there"
)
_WRONG_REGION: Final = "{address}: the bucket is in another region ({code}); set AWS_DEFAULT_REGION to the bucket's region"
_NO_BUCKET: Final = "{address}: there is no such bucket{at}; create it, or correct its name"
_INVALID_NAME: Final = "{address}: this is not a valid name of a bucket; correct it"

# By the error code in the storage's response. A response to a HEAD request has only a status.
_TEMPLATES_BY_CODE: Final[Mapping[str, str]] = {
    "NoSuchBucket": _NO_BUCKET,
    "InvalidBucketName": _INVALID_NAME,
    "AccessDenied": _ACCESS_DENIED,
    "AllAccessDisabled": _ACCESS_DENIED,
    "403": _ACCESS_DENIED,
    "InvalidAccessKeyId": _INVALID_CREDENTIALS,
    "SignatureDoesNotMatch": _INVALID_CREDENTIALS,
    "ExpiredToken": _INVALID_CREDENTIALS,
    "InvalidToken": _INVALID_CREDENTIALS,
    "PermanentRedirect": _WRONG_REGION,
    "AuthorizationHeaderMalformed": _WRONG_REGION,
    "IllegalLocationConstraintException": _WRONG_REGION,
    "301": _WRONG_REGION,
}
_OTHER_ERROR: Final = "{address}: {operation} failed ({code}: {message})"
_NO_ENDPOINT: Final = (
    "{address}: the storage's address is malformed ({error}); "
    "write AWS_ENDPOINT_URL (or endpoint_url in a configuration) like https://storage.example"
)
# By the type of error, if there was no response.
_TEMPLATES_BY_TYPE: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    ((NoCredentialsError, PartialCredentialsError), "{address}: there are no credentials; {credentials}"),
    (CredentialRetrievalError, "{address}: the credentials cannot be loaded ({error})"),
    (ProfileNotFound, "{address}: {error}; correct AWS_PROFILE"),
    (InvalidRegionError, "{address}: {error}; correct AWS_DEFAULT_REGION"),
    (
        (HTTPClientError, NoConnection),
        "{address}: the storage{at} cannot be reached; check AWS_ENDPOINT_URL and the network",
    ),
)


def error_message(error: Exception, address: str, endpoint: str) -> str:
    """Return one sentence for operators on an error of the bucket at `address`, with advice if the error is a known one.

    `endpoint` is the storage's URL, "" if unknown.
    """
    values = {
        "address": address,
        "at": f" at {endpoint}" if endpoint else "",
        "rights": _PERMISSIONS,
        "credentials": _CREDENTIALS,
    }
    # s3fs turns botocore's ClientError into an OSError.
    client_error = error if isinstance(error, ClientError) else error.__cause__
    if isinstance(client_error, ClientError):
        details = client_error.response.get("Error", {})
        code = str(details.get("Code", ""))
        template = _TEMPLATES_BY_CODE.get(code, _OTHER_ERROR)
        return template.format(**values, code=code, message=details.get("Message", ""), operation=client_error.operation_name)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be read ({error.strerror}); build again"
    template = next(
        (template for error_type, template in _TEMPLATES_BY_TYPE if isinstance(error, error_type)), "{address}: {error}"
    )
    template = _NO_ENDPOINT if _is_endpoint_error(error, endpoint) else template
    return template.format(**values, error=str(error).rstrip("."))


def _is_endpoint_error(error: Exception, endpoint: str) -> bool:
    """Return whether an error means that the endpoint is malformed. Before a client exists, only that causes a ValueError."""
    return (type(error) is ValueError and not endpoint) or str(error).startswith("Custom endpoint")
