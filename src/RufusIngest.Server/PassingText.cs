using System.Runtime.CompilerServices;

namespace RufusIngest.Server;

/// <summary>The text members of a passing, in the order their bytes are stored.</summary>
static class PassingText
{
    public const int Bib = 0;
    public const int Chip = 1;
    public const int Latitude = 2;
    public const int Longitude = 3;
    public const int Status = 4;
    public const int ParticipantId = 5;
    public const int Timezone = 6;
    public const int Gender = 7;
    public const int Count = 8;
}

/// <summary>Where a text lies in its buffer. The default value is null, which is not the empty text.</summary>
readonly struct TextSlice(int start, int length)
{
    readonly int _start = start;
    readonly int _lengthPlusOne = length + 1;

    public bool IsNull => _lengthPlusOne == 0;

    public int Length => Math.Max(_lengthPlusOne - 1, 0);

    /// <summary>The same text in a copy of the buffer that starts elsewhere.</summary>
    public TextSlice Moved(int by) => IsNull ? default : new(_start + by, Length);

    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> buffer) => buffer.Slice(_start, Length);

    /// <inheritdoc cref="In"/>
    public ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> buffer) => buffer.Slice(_start, Length);
}

/// <summary>One slice for each member of <see cref="PassingText"/>.</summary>
[InlineArray(PassingText.Count)]
struct TextSlices
{
    TextSlice _first;
}
