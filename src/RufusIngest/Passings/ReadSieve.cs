using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>A <see cref="ReadFilter"/> made ready to be asked for every read, without allocation.</summary>
sealed class ReadSieve
{
    readonly long _from;
    readonly long _until;
    readonly HashSet<ChipCode>? _deny;
    readonly HashSet<ChipCode>? _allow;
    readonly byte[][] _prefixes;
    readonly int _minRssiCentiDbm;

    ReadSieve(ReadFilter filter)
    {
        _from = filter.IgnoreBefore is { } before ? EpochTime.FromUtc(before) : long.MinValue;
        _until = filter.IgnoreAfter is { } after ? EpochTime.FromUtc(after) : long.MaxValue;
        _deny = ChipsOf(filter.Deny);
        _allow = ChipsOf(filter.Allow);
        _prefixes = [.. filter.Prefixes.Select(Encoding.UTF8.GetBytes)];
        _minRssiCentiDbm = filter.MinRssiDbm is { } least ? (int)decimal.Ceiling(least * 100) : int.MinValue;
    }

    /// <summary>The sieve of a filter, or null when it keeps everything.</summary>
    public static ReadSieve? Of(ReadFilter filter) =>
        filter is
        {
            IgnoreBefore: null, IgnoreAfter: null, MinRssiDbm: null,
            Deny.Count: 0, Allow.Count: 0, Prefixes.Count: 0,
        }
            ? null
            : new ReadSieve(filter);

    /// <summary>Why a read is left out, or <see cref="ReadOutcome.Opened"/> when it is kept.</summary>
    /// <param name="read">The read.</param>
    /// <param name="time">Its instant, ticks since 1970-01-01 UTC.</param>
    public ReadOutcome Judge(in ChipRead read, long time) =>
        time < _from ? ReadOutcome.IgnoredBefore
        : time > _until ? ReadOutcome.IgnoredAfter
        : _deny is not null && _deny.Contains(read.Chip) ? ReadOutcome.Denied
        : _allow is not null && !_allow.Contains(read.Chip) ? ReadOutcome.NotAllowed
        : _prefixes.Length > 0 && !HasPrefix(read.Chip) ? ReadOutcome.OtherPrefix
        : read.RssiCentiDbm < _minRssiCentiDbm && read.RssiCentiDbm != ChipRead.NoRssi ? ReadOutcome.WeakSignal
        : ReadOutcome.Opened;

    bool HasPrefix(in ChipCode chip)
    {
        Span<byte> buffer = stackalloc byte[ChipCode.MaxTextLength];
        ReadOnlySpan<byte> text = buffer[..chip.Format(buffer)];
        foreach (byte[] prefix in _prefixes)
        {
            if (prefix.Length > text.Length)
                continue;
            ReadOnlySpan<byte> start = text[..prefix.Length];
            if (chip.IsEpc ? Ascii.EqualsIgnoreCase(start, prefix) : start.SequenceEqual(prefix))
                return true;
        }

        return false;
    }

    static HashSet<ChipCode>? ChipsOf(IReadOnlyList<string> texts) =>
        texts.Count == 0 ? null : [.. texts.Select(ChipCode.FromText)];
}
