using System.Text;
using RufusIngest.Readers;

namespace RufusIngest.Fuzz;

/// <summary>Something that is no read, at its place in the whole input.</summary>
readonly record struct Heard(ControlKind Kind, long Number, byte Variant, int Offset, int Length);

/// <summary>A reject, at its place in the whole input.</summary>
readonly record struct Refused(RejectReason Reason, int Offset, int Length);

/// <summary>
/// What one parse call with room for one read took: at most one frame that gives something, with what was passed over
/// around it. Text is Latin-1: a character is a byte.
/// </summary>
/// <param name="all">The whole input.</param>
/// <param name="start">Where the call began.</param>
/// <param name="end">The first byte that it did not take, or that it rejected.</param>
sealed class Step(byte[] all, int start, int end)
{
    // What may stand around frames, in any protocol.
    static readonly char[] Around = [.. "\r\n\0\t ,[]}>|$\\"];

    string? _taken;

    /// <summary>The whole input; what is behind <see cref="End"/> may be looked at (later members).</summary>
    public ReadOnlySpan<byte> All => all;

    public int Start => start;

    public int End => end;

    /// <summary>The call gave a read.</summary>
    public required bool HasRead { get; init; }

    /// <summary>The controls of the call.</summary>
    public required IReadOnlyList<Heard> Controls { get; init; }

    /// <summary>All bytes taken.</summary>
    public string Taken => _taken ??= Latin(all.AsSpan(start, end - start));

    /// <summary>The bytes that were rejected, or none.</summary>
    public required string Rejected { get; init; }

    /// <summary>A line end stands behind the frame.</summary>
    public bool IsEnded => Taken.Length > 0 && Taken[^1] is '\r' or '\n' or '\0';

    /// <summary>
    /// What stands behind the controls that came before the read, to the end of what was taken; or from the control on
    /// that came with it.
    /// </summary>
    public string Frame
    {
        get
        {
            // An empty line behind the frame is a control too, and not the frame's.
            Heard[] controls =
                [.. Controls.Where(control => control.Kind != ControlKind.EndOfFetch || control.Length > 1)];
            if (controls.Length == 0)
                return Taken;
            string behind = Latin(all.AsSpan((controls[^1].Offset + controls[^1].Length)..end));
            return HasRead && behind.Trim(Around).Length > 0
                ? behind
                : Latin(all.AsSpan(controls[^1].Offset..end));
        }
    }

    /// <summary>The last line of the frame, without its ends and a byte order mark.</summary>
    /// <param name="ends">The bytes that end a frame.</param>
    public string Line(string ends = "\r\n\0")
    {
        string line = Frame.TrimEnd([.. "\r\n\0".Concat(ends)]);
        line = line[(line.LastIndexOfAny(ends.ToCharArray()) + 1)..];
        return line.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? line[3..] : line;
    }

    /// <summary>The bytes of a control.</summary>
    public string Of(Heard control) => Latin(all.AsSpan(control.Offset, control.Length));

    public static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
