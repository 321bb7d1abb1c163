import { expect, test } from 'vitest'
import { parseS3Url } from '../../src/adapters/blob/s3-blob-store.ts'
import { EMPTY_PAYLOAD, signS3 } from '../../src/adapters/blob/s3-signature.ts'
import { parseBlobKey } from '../../src/ports/blob-store.ts'

test('a request is signed as in the example that Amazon publishes for reading an object', () => {
  const { authorization } = signS3(
    {
      method: 'GET',
      url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
      headers: { range: 'bytes=0-9' },
      payloadHash: EMPTY_PAYLOAD,
    },
    {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      region: 'us-east-1',
    },
    Date.UTC(2013, 4, 24),
  )
  expect(authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
      'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

test('a bucket is named by one address', () => {
  const { bucket, credentials } = parseS3Url(
    new URL('https://KEY:se%2Fcret@s3.example.org/bucket/?region=eu-central-1'),
  )
  expect(bucket.href).toBe('https://s3.example.org/bucket')
  expect(credentials).toEqual({ accessKeyId: 'KEY', secretAccessKey: 'se/cret', region: 'eu-central-1' })
  for (const wrong of ['https://s3.example.org/bucket', 'https://KEY:SECRET@s3.example.org/']) {
    expect(() => parseS3Url(new URL(wrong))).toThrow('how a bucket is named')
  }
})

test('a key is random and nothing else: it leads nowhere', () => {
  for (const wrong of ['', '../secrets/wrapping-key', 'A'.repeat(32), `${'a'.repeat(32)}/b`]) {
    expect(() => parseBlobKey(wrong)).toThrow()
  }
})
