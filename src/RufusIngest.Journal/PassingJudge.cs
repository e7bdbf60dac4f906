using System.Text.Json;

namespace RufusIngest.Journal;

/// <summary>Takes a kept passing.</summary>
/// <param name="number">Its number.</param>
/// <param name="item">Its JSON; valid during the call.</param>
delegate void PassingHandler(int number, ReadOnlySpan<byte> item);

/// <summary>
/// Holds rows of passings of one session, in order, against the running hash. A row behind a damaged one is proven by
/// the hash that the damaged one states. One thread.
/// </summary>
sealed class PassingJudge(ScannedSession session, FindingList findings, PassingHandler? visitor)
{
    int _next = 1;
    int _end;
    long _stored = PassingTable.Seed(session.Id);
    long _computed = PassingTable.Seed(session.Id);
    int _kept;
    bool _hasUnknown;

    public void Take(CarvedRow row)
    {
        int first = (int)row.Id;
        ReadOnlySpan<byte> data = row.Bytes(2);
        int count = Count(data);
        long says = row.Integer(3);
        long computed = Hash(data, _computed);
        bool isInPlace = first == _end + 1 || (first > _end && NumberOf(data) == first);
        if (isInPlace && count > 0 && row.Integer(1) == count
            && (says == computed || says == Hash(data, _stored)))
        {
            Accept(first, count, data, says == computed ? _computed : _stored);
            (_end, _stored, _computed) = (first + count - 1, says, says);
            return;
        }

        if (isInPlace)
        {
            int claimed = count > 0 ? count : (int)Math.Clamp(row.Integer(1), 1, Math.Max(1, data.Length / 3));
            (_end, _stored, _computed) = (first + claimed - 1, says, computed);
        }

        _hasUnknown |= !isInPlace && first >= _next;
    }

    public void End()
    {
        int last = Math.Max(_next - 1, _end);
        if (session.IsTrusted)
            last = Math.Max(last, Math.Max(session.Acknowledged, session.Rebased));
        session.LastKnown = last;
        session.Kept = _kept;
        if (session.Acknowledged == 0)
            session.IsCursorProven = session.Hash == PassingTable.Seed(session.Id);
        if (last >= _next)
            findings.AddPassings(session, _next, last);
        if (_hasUnknown)
            findings.AddPassings(session, last + 1, 0);
    }

    void Accept(int first, int count, ReadOnlySpan<byte> data, long hash)
    {
        if (first > _next)
            findings.AddPassings(session, _next, first - 1);
        int offset = 0;
        for (int number = first; PassingTable.TryItem(data, ref offset, out ReadOnlySpan<byte> item); number++)
        {
            hash = PassingTable.Next(hash, item);
            if (number == session.Acknowledged)
                session.IsCursorProven = hash == session.Hash;
            visitor?.Invoke(number, item);
        }

        _kept += count;
        _next = first + count;
        _hasUnknown = false;
    }

    /// <summary>How many items there are; 0: it is not a row of items.</summary>
    static int Count(ReadOnlySpan<byte> data)
    {
        int offset = 0;
        int count = 0;
        while (PassingTable.TryItem(data, ref offset, out _))
            count++;
        return offset == data.Length ? count : 0;
    }

    static long Hash(ReadOnlySpan<byte> data, long hash)
    {
        int offset = 0;
        while (PassingTable.TryItem(data, ref offset, out ReadOnlySpan<byte> item))
            hash = PassingTable.Next(hash, item);
        return hash;
    }

    /// <summary>The number that a row's first item has; 0: none can be read.</summary>
    static int NumberOf(ReadOnlySpan<byte> data)
    {
        int offset = 0;
        if (!PassingTable.TryItem(data, ref offset, out ReadOnlySpan<byte> item))
            return 0;
        try
        {
            Utf8JsonReader reader = new(item);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("num_passing"u8))
                    return reader.Read() && reader.TryGetInt32(out int number) ? number : 0;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return 0; // Damaged.
        }

        return 0;
    }
}
