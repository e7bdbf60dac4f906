using System.Text;

namespace RufusIngest.Reads;

/// <summary>
/// The names of timing points that one reader has told, numbered from 1 in the order they came: a read carries the number
/// (<see cref="ChipRead.Point"/>). They stay over the reader's connections, at most <see cref="MaxNames"/>.
/// </summary>
/// <remarks>One thread asks for numbers; the names may be read from any.</remarks>
public sealed class PointNames
{
    /// <summary>Names kept at most.</summary>
    public const int MaxNames = 256;

    /// <summary>Longest name kept, in bytes of UTF-8.</summary>
    public const int MaxLength = 64;

    byte[][] _names = [];
    long _untold;
    int _last;

    /// <summary>Asked for a name that could not be kept, because it was too long or there were too many.</summary>
    public long Untold => Volatile.Read(ref _untold);

    /// <summary>The number of a name, which is kept when it is new. A known name costs no allocation.</summary>
    /// <param name="utf8">The name without surrounding blanks; it is copied.</param>
    /// <returns>Its number, or 0 when it is empty or cannot be kept.</returns>
    public ushort NumberOf(ReadOnlySpan<byte> utf8)
    {
        byte[][] names = _names;
        if (utf8.IsEmpty)
            return 0;
        // Reads come in bursts of one point.
        if (_last < names.Length && utf8.SequenceEqual(names[_last]))
            return (ushort)(_last + 1);
        for (int i = 0; i < names.Length; i++)
        {
            if (utf8.SequenceEqual(names[i]))
            {
                _last = i;
                return (ushort)(i + 1);
            }
        }

        return Keep(utf8);
    }

    /// <summary>The names, number 1 first.</summary>
    public IReadOnlyList<string> ToList() => [.. Volatile.Read(ref _names).Select(Encoding.UTF8.GetString)];

    ushort Keep(ReadOnlySpan<byte> utf8)
    {
        if (_names.Length == MaxNames || utf8.Length > MaxLength)
        {
            Volatile.Write(ref _untold, _untold + 1);
            return 0;
        }

        // A new array each time, so that other threads see whole ones.
        Volatile.Write(ref _names, [.. _names, utf8.ToArray()]);
        _last = _names.Length - 1;
        return (ushort)_names.Length;
    }
}
