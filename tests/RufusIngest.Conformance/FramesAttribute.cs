using System.Reflection;
using System.Text;
using RufusIngest.Readers;
using Xunit.Sdk;
using Xunit.v3;

namespace RufusIngest.Conformance;

/// <summary>
/// Gives a theory one <see cref="FrameCheck"/> for each frame and each thing that must hold for it, whatever the frame
/// says.
/// </summary>
/// <remarks>
/// <code>
/// [Theory]
/// [Frames&lt;MyParser&gt;("chip=12;t=10:00:00.5", "status=4", Guard = "chip=7;t=9:00:00", End = "\r\n")]
/// public void Frames_keep_the_contract(FrameCheck check) => check.Run();
/// </code>
/// Texts are Latin-1: one character is one byte, so that <c>\x02</c> stands for a binary one.
/// </remarks>
/// <typeparam name="TParser">The parser; every stream starts with <see cref="Initial"/>.</typeparam>
/// <param name="frames">Whole frames. Each gives at least one read or control, and no reject.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public class FramesAttribute<TParser>(params string[] frames) : DataAttribute
    where TParser : struct, IReadParser
{
    /// <summary>The frames.</summary>
    public IReadOnlyList<string> Frames { get; } = frames;

    /// <summary>A static field or property of the test's class with more frames, an
    /// <c>IEnumerable&lt;string&gt;</c>.</summary>
    public string? From { get; init; }

    /// <summary>What stands behind each frame and only ends it: <c>\r\n</c> for lines, nothing for JSON
    /// objects.</summary>
    public string End { get; init; } = "";

    /// <summary>
    /// A frame of exactly one read, and nothing else but the control that may come with every read; it must survive
    /// what happens to its neighbours.
    /// </summary>
    public required string Guard { get; init; }

    /// <summary>Bytes that are no frame; with <see cref="End"/> behind them a frame may begin.</summary>
    public string Noise { get; init; } = "~~ noise ~~";

    /// <summary>What every stream begins with, where frames mean something only behind it. Whole frames with their
    /// ends.</summary>
    public string Preamble { get; init; } = "";

    /// <summary>
    /// A frame over an unended stream says the same as with its end, up to bytes that are no part of chip or time;
    /// false where the end of the stream may cut off a chip that nothing shows to be cut.
    /// </summary>
    public bool ShowsCuts { get; init; } = true;

    /// <summary>The parser at the beginning of a connection.</summary>
    protected virtual TParser Initial => default;

    /// <summary>
    /// Where in a frame its length stands, when frames are found by their lengths alone: noise or damage there may cost
    /// everything behind it. −1 where a parser finds the next frame after any damage.
    /// </summary>
    public int LengthAt { get; init; } = -1;

    /// <summary>With <see cref="LengthAt"/>: how many bytes it has.</summary>
    public int LengthBytes { get; init; } = 4;

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => false;

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
        MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        ParserConformance<TParser> conformance = new(Initial)
        {
            Guard = Encoding.Latin1.GetBytes(Guard + End),
            Noise = Encoding.Latin1.GetBytes(Noise + End),
            EndLength = End.Length,
            Preamble = Encoding.Latin1.GetBytes(Preamble),
            ShowsCuts = ShowsCuts,
            Length = LengthAt < 0 ? default : LengthAt..(LengthAt + LengthBytes),
        };
        List<ITheoryDataRow> rows = [];
        foreach (string frame in Frames.Concat(FramesOf(testMethod?.DeclaringType)))
            rows.AddRange(conformance.ChecksOf(Encoding.Latin1.GetBytes(frame + End)).Select(Row));
        return new(rows);

        static TheoryDataRow<FrameCheck> Row(FrameCheck check) => new(check);
    }

    IEnumerable<string> FramesOf(Type? test)
    {
        if (From is null)
            return [];
        const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        object? value = test?.GetField(From, Static)?.GetValue(null) ?? test?.GetProperty(From, Static)?.GetValue(null);
        return value as IEnumerable<string>
            ?? throw new ArgumentException($"{test} has no static field or property {From} of frames.");
    }
}

/// <summary>One thing that must hold for one frame.</summary>
/// <param name="name">What is checked, and the frame.</param>
/// <param name="check">Fails an xunit assertion when it does not hold.</param>
public sealed class FrameCheck(string name, Action check)
{
    /// <summary>Checks it.</summary>
    public void Run() => check();

    /// <summary>What is checked, and the frame.</summary>
    public override string ToString() => name;
}
