using System.Reflection;
using System.Text;
using RufusIngest.Conformance;

namespace RufusIngest.Fuzz;

/// <summary>
/// The frames of the project's own tests: those of the attributes from which the conformance kit makes its checks.
/// </summary>
static class Corpus
{
    const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Each frame with what must stand before it and a guard behind it; without doubles.</summary>
    /// <param name="tests">The assembly of the tests.</param>
    /// <param name="target">The target, with its seeds.</param>
    public static IReadOnlyList<byte[]> Of(Assembly tests, Target target)
    {
        SortedSet<string> streams = new(target.Seeds, StringComparer.Ordinal);
        foreach (MethodInfo method in TypesOf(tests).SelectMany(type => type.GetMethods(Any)))
        {
            // Other attributes are not made: what they name may be missing.
            foreach (Type attribute in method.GetCustomAttributesData().Select(data => data.AttributeType).Distinct())
            {
                if (FramesTypeOf(attribute) is not { } type || type.GenericTypeArguments[0] != target.Parser)
                    continue;
                foreach (Attribute frames in method.GetCustomAttributes(attribute))
                    streams.UnionWith(StreamsOf(frames, type, method));
            }
        }

        return [.. streams.Select(Encoding.Latin1.GetBytes)];
    }

    /// <summary>Types that need what is not there, as the server's, are left out.</summary>
    static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            return exception.Types.OfType<Type>();
        }
    }

    static Type? FramesTypeOf(Type? attribute)
    {
        while (attribute is not null
            && !(attribute.IsGenericType && attribute.GetGenericTypeDefinition() == typeof(FramesAttribute<>)))
            attribute = attribute.BaseType;
        return attribute;
    }

    static IEnumerable<string> StreamsOf(Attribute attribute, Type type, MethodInfo method)
    {
        string Text(string name) => (string?)type.GetProperty(name, Any)!.GetValue(attribute) ?? "";
        IEnumerable<string> frames = (IEnumerable<string>)type.GetProperty("Frames", Any)!.GetValue(attribute)!;
        if (Text("From") is { Length: > 0 } from)
        {
            Type test = method.DeclaringType!;
            frames = frames.Concat((IEnumerable<string>)
                (test.GetField(from, Any)?.GetValue(null) ?? test.GetProperty(from, Any)!.GetValue(null))!);
        }

        foreach (string frame in frames)
            yield return Text("Preamble") + frame + Text("End") + Text("Guard") + Text("End");
    }
}
