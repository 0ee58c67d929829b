"""What did not go through is named so that it can be tried again: error.log as a list, the dead letter for records."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.drivers import rows
from tests.e2e.conftest import BUCKET, Bucket, index

OTHER = "other-logs"
INI = "[out_file]\npath = out.jsonl\n[app]\ns3_key = app/\nfile_format = json\n"


def test_error_log_is_a_list_of_exactly_the_failed_objects_of_several_buckets(bucket: Bucket, tmp_path: Path) -> None:
    bucket.client.create_bucket(Bucket=OTHER)
    objects = {(BUCKET, "app/good"): 1, (BUCKET, "app/bad 1"): 2, (OTHER, "app/good"): 3, (OTHER, "app/bad,2"): 4, (OTHER, "app/bad+3"): 5}

    def put(*, whole: bool) -> None:
        for (name, key), number in objects.items():
            body = gzip.compress(b'{"n": %d}\n' % number)
            bucket.client.put_object(Bucket=name, Key=key, Body=body if whole or "good" in key else body[:-9])

    put(whole=False)
    (tmp_path / "my.ini").write_text(INI)
    (tmp_path / "list.txt").write_text("".join(f"{key}\n" if name == BUCKET else f"s3://{name}/{key}\n" for name, key in objects))
    arguments = ("-b", BUCKET, "--config", "my.ini", "--endpoint-url", bucket.endpoint, "--path-style")
    try:
        first = index(tmp_path, "-l", "list.txt", *arguments, env=bucket.env)
        assert first.returncode == 1, first.stderr
        assert len((tmp_path / "list.txt.error.log").read_text().splitlines()) == 3
        (tmp_path / "out.jsonl").unlink()
        put(whole=True)
        again = index(tmp_path, "-l", "list.txt.error.log", *arguments, env=bucket.env)
        assert again.returncode == 0, again.stderr
        found = sorted((row["n"], row["@log_s3bucket"], row["@log_s3key"]) for row in rows(tmp_path / "out.jsonl"))
        assert found == [(2, BUCKET, "app/bad 1"), (4, OTHER, "app/bad,2"), (5, OTHER, "app/bad+3")]
        assert not (tmp_path / "list.txt.error.log.error.log").exists()
    finally:
        for item in bucket.client.list_objects_v2(Bucket=OTHER).get("Contents", []):
            bucket.client.delete_object(Bucket=OTHER, Key=item["Key"])
        bucket.client.delete_bucket(Bucket=OTHER)
