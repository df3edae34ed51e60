"""boto3: a client, a signed address"""

import boto3

client = boto3.client(
    "s3", region_name="eu-central-1", aws_access_key_id="bench", aws_secret_access_key="bench"
)
assert "X-Amz-Signature" in client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
