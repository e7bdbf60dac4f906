using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>Holds rows of records, in order, against their checks and the chain. One thread.</summary>
sealed class RecordJudge(FindingList findings, RecordHandler? visitor)
{
    long _next = 1;
    long _claimed;
    long _end;
    long _stored;
    long _computed;
    bool _hasUnknown;

    /// <summary>How many records of a row are what was written.</summary>
    public static int CountWhole(CarvedRow row)
    {
        int whole = 0;
        for (int i = 0; i < row.Bytes(3).Length / RecordChecks.Length; i++)
            whole += RecordChecks.TryRead(row.Bytes(2), row.Bytes(3), i, row.Id + i, out _) ? 1 : 0;
        return whole;
    }

    public void Take(CarvedRow row)
    {
        ReadOnlySpan<byte> checks = row.Bytes(3);
        int count = checks.Length / RecordChecks.Length;
        int whole = 0;
        for (int i = 0; i < count; i++)
        {
            if (row.Id + i >= _next
                && RecordChecks.TryRead(row.Bytes(2), checks, i, row.Id + i, out IngestRecord record))
            {
                whole++;
                Accept(record);
            }
        }

        if (row.Integer(1) != count || count * RecordChecks.Length != checks.Length)
        {
            findings.Add(new JournalFinding
            {
                Kind = JournalFindingKind.Records,
                First = row.Id,
                Last = row.Id,
                Words = $"the row of record {row.Id} states {row.Integer(1)} records and has {count}",
            });
        }

        // A row without one whole record may have another place than it says.
        bool isInPlace = whole > 0 || row.Id == Math.Max(_next, _claimed + 1);
        if (isInPlace && count > 0)
            _claimed = Math.Max(_claimed, row.Id + count - 1);
        else
            _hasUnknown |= whole == 0 && row.Id >= _next;
        JudgeChain(row, count);
    }

    public void End()
    {
        if (_claimed >= _next)
        {
            findings.AddRecords(_next, _claimed, found: true);
            _next = _claimed + 1;
        }

        if (_hasUnknown)
            findings.AddRecords(_next, 0, found: false);
    }

    void Accept(in IngestRecord record)
    {
        if (record.Sequence > _next)
            findings.AddRecords(_next, record.Sequence - 1, found: _claimed >= _next || _end + 1 == _next);
        visitor?.Invoke(record);
        _next = record.Sequence + 1;
        _hasUnknown = false;
    }

    /// <summary>The row may follow what the last one's chain says, or what it should have said.</summary>
    void JudgeChain(CarvedRow row, int count)
    {
        long says = row.Integer(4);
        bool follows = row.Id == _end + 1;
        long computed = RecordChecks.Chain(row.Bytes(3), _computed);
        bool holds = says == computed || says == RecordChecks.Chain(row.Bytes(3), _stored);
        if (follows && !holds)
        {
            findings.Add(new JournalFinding
            {
                Kind = JournalFindingKind.Chain,
                First = row.Id,
                Last = row.Id + Math.Max(0, count - 1),
                Words = $"the chain does not hold at records {row.Id} to {row.Id + Math.Max(0, count - 1)}",
            });
        }

        if (row.Id > _end)
            (_end, _stored, _computed) = (row.Id + count - 1, says, follows && !holds ? computed : says);
    }
}
