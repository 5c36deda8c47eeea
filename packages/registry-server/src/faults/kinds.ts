/** What can go wrong, by name. {@link FaultParameters} has the parameters of each kind. */
export const FAULT_KINDS = {
  /** 401 with a challenge that says `invalid_token`; the registry does not see the request. */
  'expired-token': '401 with a challenge that says invalid_token',
  /** 403 DENIED; the registry does not see the request. */
  forbidden: '403 DENIED',
  /** 404 with the code of the point; the registry does not see the request. */
  'not-found': '404 with the code of the point',
  /** 429 with `Retry-After` in seconds, as a date or without; the registry does not see the request. */
  'rate-limited': '429 with Retry-After in seconds, as a date, or without',
  /** 500, 502, 503 or 504; the registry does not see the request. */
  'server-error': '500, 502, 503 or 504',
  /** 413 to a request whose body is larger than a proxy takes; nothing of a body of known length is taken. */
  'too-large': '413 to a request whose body is larger than a proxy takes',
  /** 416; the registry does not see the request. */
  'range-not-satisfiable': '416',
  /** A status, code and headers of your choice; the registry does not see the request. */
  status: 'a status, code and headers of your choice',
  /** 200 with a page of HTML, as portals send it; the registry does not see the request. */
  html: '200 with a page of HTML',
  /** 405 to HEAD; the registry does not see the request. */
  'head-unsupported': '405 to HEAD',
  /** A redirect to a given URL; the registry does not see the request. */
  redirect: 'a redirect to a given URL',
  /** A redirect to the same path and query at another origin; the registry does not see the request. */
  'redirect-origin': 'a redirect to the same path and query at another origin',
  /** A redirect to the same URL, for ever if `times` is `always`; the registry does not see the request. */
  'redirect-loop': 'a redirect to the same URL',
  /** The token that is given out is refused as `invalid_token` once its life is over. */
  'token-life': 'the token that is given out is refused once its life is over',
  /** The connection is reset in the middle of the body: of the request's, of which the registry keeps what came, else of the answer's. */
  'body-reset': 'the connection is reset in the middle of the body',
  /** The connection is reset at every nth of the content, counted from its start also when a request goes on in its middle. */
  'reset-every': 'the connection is reset at every nth of the content',
  /** The body of the request, else of the answer, stands still until the client gives up. */
  'body-stall': 'the body stands still until the client gives up',
  /** The body of the request, else of the answer, goes on a few bytes at a time. */
  'body-drip': 'the body goes on a few bytes at a time',
  /** One bit of the body of the request, else of the answer, is flipped; all headers stay. */
  'bit-flip': 'one bit of the body is flipped',
  /** The body of the answer ends early although `Content-Length` says more. */
  'body-short': 'the body of the answer ends early although Content-Length says more',
  /** The body of the answer goes on after what `Content-Length` says. */
  'body-long': 'the body of the answer goes on after what Content-Length says',
  /** The body of the answer and its `Content-Length` agree, but on another size than the content has. */
  'wrong-size': 'body and Content-Length agree on another size than the content has',
  /** 200 with the whole content to a request with `Range`. */
  'range-ignored': '200 with the whole content to a request with Range',
  /** 206 with another part than the one that was asked for. */
  'range-shifted': '206 with another part than the one that was asked for',
  /** 206 with another total in `Content-Range`. */
  'range-wrong-total': '206 with another total in Content-Range',
  /** 206 without `Content-Range`. */
  'no-content-range': '206 without Content-Range',
  /** The answer has no `Docker-Content-Digest`. */
  'no-digest': 'the answer has no Docker-Content-Digest',
  /** The answer has another `Docker-Content-Digest`. */
  'wrong-digest': 'the answer has another Docker-Content-Digest',
  /** The answer has no `Content-Length`. */
  'no-content-length': 'the answer has no Content-Length',
  /** The answer to POST, PATCH or GET of an upload has no `Range`. */
  'no-range': 'the answer of an upload has no Range',
  /** 201 in place of 202 to PATCH. */
  'created-on-patch': '201 in place of 202 to PATCH',
  /** The `Location` is relative, absolute or at another origin. */
  location: 'the Location is relative, absolute or at another origin',
  /** `"tags": null` in place of a list. */
  'tags-null': '"tags": null in place of a list',
  /** The answer has very many headers. */
  'header-flood': 'the answer has very many headers',
  /** 404 BLOB_UPLOAD_UNKNOWN; the upload and its bytes are gone. */
  'session-lost': '404 BLOB_UPLOAD_UNKNOWN; the upload and its bytes are gone',
  /** The request takes effect, then the connection is reset before its answer. */
  'answer-lost': 'the request takes effect, then the connection is reset before its answer',
  /** 202 to a mount: an upload begins. */
  'mount-declined': '202 to a mount: an upload begins',
  /** 400 DIGEST_INVALID; the upload and its bytes are gone. */
  'digest-refused': '400 DIGEST_INVALID; the upload and its bytes are gone',
  /** The connection is reset before the answer; the registry does not see the request. */
  'reset-before-headers': 'the connection is reset before the answer',
  /** The connection is closed before the answer; the registry does not see the request. */
  'close-before-headers': 'the connection is closed before the answer',
  /** There is no answer until the client gives up; the registry does not see the request. */
  'stall-before-headers': 'there is no answer until the client gives up',
  /** The connection is reset after the headers of the answer; the request took effect. */
  'reset-after-headers': 'the connection is reset after the headers of the answer',
  /** The body of the answer has no `Content-Length` and its chunks stop without an end. */
  'chunked-truncated': 'the chunks of the answer stop without an end',
  /** The body of the answer has a chunk whose size is no number. */
  'bad-chunk-size': 'the answer has a chunk whose size is no number',
  /** The answer has two `Content-Length` that differ; the request took effect. */
  'duplicate-content-length': 'the answer has two Content-Length that differ',
} as const

/** The name of a kind; {@link FAULT_KINDS} says what each does. */
export type FaultKind = keyof typeof FAULT_KINDS
